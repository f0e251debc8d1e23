/** The parts of an HTTP/1.1 request, so that each can be mutated separately. */
export type Seed = {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
};

const json = ["content-type", "application/json"] as const;

function seed(line: string, body = "", headers: Seed["headers"] = []): Seed {
  const [method = "", target = ""] = line.split(" ");
  return { method, target, headers: body === "" ? headers : [json, ...headers], body };
}

/** Valid requests of library.v1.Library, for every shape of rule and field. */
export const librarySeeds: readonly Seed[] = [
  seed("GET /v1/shelves/a/books/b"),
  seed("GET /v1/shelves/a%2Fb/books/%E2%82%AC?$alt=json%3Benum-encoding%3Dint&$fields=name,title"),
  seed("HEAD /v1/shelves/a/books/b"),
  seed("GET /v1/shelves/a/books?page_size=5&filter.pages.from=1&filter.words=x&filter.words=y+z"),
  seed("GET /v1/books?pageToken=a&showLost=false&$prettyPrint=true&key=k"),
  seed(
    "POST /v1/shelves/a/books?book_id=c",
    '{"title":"t","pages":3,"parts":[{"label":"l","inner":{"count":1}}]}',
  ),
  seed("PATCH /v1/shelves/a/books/b?updateMask=title,pages", '{"title":"t","book":{"book":{"pages":1}}}'),
  seed("PUT /v1/shelves/a/books/b", '{"book":{"name":"shelves/a/books/b","title":"t"},"updateMask":"title"}'),
  seed("DELETE /v1/shelves/a/books/b"),
  seed("POST /v1/shelves/a/books/b:cancel", '{"reason":"r"}'),
  seed("POST /v1/shelves/a/books/b:tag", '["a","b"]'),
  seed("SEARCH /v1/books?parent=shelves/a"),
  seed("PURGE /v1/ping"),
  seed("GET /v1/ping/x/now"),
  seed("GET /v1/files/a/b/c%2Fd/../e"),
  seed("OPTIONS /v1/books", "", [
    ["origin", "https://example.com"],
    ["access-control-request-method", "GET"],
  ]),
  seed(
    "GET /v1/everything?int64_value=9007199254740993&bytes_value=-_8&time=2026-01-31T08:00:00Z&numbers=1&numbers=2",
  ),
  seed(
    "GET http://example.com/v1/everything?left=a&part.inner.inner.count=1&mask=a,b&duration=1.5s&boolWrapper=true",
  ),
  seed(
    "POST /v1/everything",
    '{"doubleValue":"NaN","int64Value":"-9223372036854775808","kind":"NOVEL","bytesValue":"+/8=","times":["2026-01-31T08:00:00.5Z"]}',
    [
      ["accept", "application/json;q=0.5, */*;q=0.1"],
      ["accept-encoding", "gzip, br;q=0.1"],
    ],
  ),
  seed(
    "POST /v1/everything",
    '{"labels":{"a":"b"},"byInt64":{"1":"x"},"partsByName":{"p":{"star":"s"}},"struct":{"a":[null,{}]},"either":{"words":["\\ud83d\\ude00"]}}',
    [
      ["x-server-timeout", "5"],
      ["connection", "keep-alive"],
    ],
  ),
  seed("POST /v1/everything", '{"nested":{"nested":{"value":null,"any":{},"listValue":[1,[2]]}}}', [
    ["grpc-timeout", "5S"],
  ]),
  seed("POST /v1/everything", "\u001f\u008b\b\u0000", [["content-encoding", "gzip"]]),
];

/** Requests of the data plan services. */
export const planSeeds: readonly Seed[] = [
  seed(
    "POST /v1/operators/65001/planStatuses",
    '{"plans":[{"planId":"p","planName":"n"}],"updateTime":"2026-01-31T08:00:00Z"}',
  ),
  seed(
    "POST /v1/operators/65001/clients/mobiledataplan/users/u/planStatus",
    '{"plans":[{"planId":"p"}],"languageCode":"en-US"}',
  ),
  seed("POST /v1/operators/65001/planGroups", '{"planGroupId":"g","planGroup":{"displayName":"x"}}'),
  seed("GET /v1/operators/65001/clients/mobiledataplan/users/u/planStatus"),
  seed("GET /v1/operators/65001/planStatuses/s"),
  seed("GET /v1/operators/65001/planGroups/g"),
];

/** Text that has broken HTTP, URL and JSON code before; inserted into valid requests. */
export const tokens: readonly string[] = [
  ..."%2F|%2f|%00|%ff|%c0%af|%ed%a0%80|%|%zz|%252F|%u0041|..|%2e%2e|.|//|/|\\|:|:cancel|:tag|**|*|?|&|=|#|;|+|@".split(
    "|",
  ),
  "__proto__",
  "constructor.prototype",
  "toString",
  "$alt=media",
  "$alt=json;enum-encoding=int",
  "$fields=*",
  "$fields=a(b(c",
  "callback=x",
  "part.count=1&",
  "nested.".repeat(40),
  "numbers=1&".repeat(1_100),
  "/a".repeat(3_000),
  "[".repeat(10_000),
  '{"nested":'.repeat(5_000),
  '{"struct":{"a":'.repeat(500),
  "1e999",
  "-0",
  "-1",
  "9007199254740993",
  "9".repeat(400),
  "1.0000000000000000000001",
  '"\\ud800"',
  '{"__proto__":{"polluted":1}}',
  '"__proto__":null,',
  '{"@type":"type.googleapis.com/google.protobuf.Any"}',
  "null",
  "true",
  "NaN",
  '""',
  ",",
  "{}",
  "\u0000",
  "\u0001",
  "\u00ff\u00fe",
  "\u00ed\u00a0\u0080",
  "\u00ef\u00bb\u00bf",
  "\r\n",
  "\n",
  "\t",
  "\r\n\r\n",
  "0\r\n\r\n",
];

/** Headers that change how a request is parsed. */
export const headers: readonly (readonly [string, string])[] = [
  ["content-type", "text/plain"],
  ["content-type", "application/json; charset=utf-16"],
  ["content-type", "APPLICATION/JSON;charset=UTF-8"],
  ["content-type", "application/grpc"],
  ["content-encoding", "br"],
  ["content-encoding", "gzip, gzip"],
  ["content-encoding", "constructor"],
  ["transfer-encoding", "chunked"],
  ["transfer-encoding", "identity"],
  ["content-length", "0"],
  ["content-length", "-1"],
  ["content-length", "5"],
  ["content-length", "99999999999999999999"],
  ["accept", "text/html"],
  ["accept", "application/json;q=0"],
  ["accept", ",;q=x"],
  ["accept", "application/x-ndjson"],
  ["accept-encoding", "gzip;q=2, *;q=0"],
  ["accept-encoding", "identity;q=0"],
  ["x-server-timeout", "1e999"],
  ["x-server-timeout", "-1"],
  ["grpc-timeout", "99999999H"],
  ["grpc-timeout", "x"],
  ["connect-timeout-ms", "99999999999"],
  ["connect-protocol-version", "2"],
  ["expect", "100-continue"],
  ["expect", "x"],
  ["upgrade", "h2c"],
  ["host", "a b"],
  ["origin", "null"],
  ["access-control-request-method", "\u00ff"],
  ["authorization", "Bearer x.y.z"],
  ["x-http-method-override", "DELETE"],
  ["__proto__", "x"],
];
