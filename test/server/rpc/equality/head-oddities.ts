import {
  contentTypeOf,
  encodingHeadersOf,
  isFramed,
  isGet,
  type Oddity,
  setHeader,
  setQuery,
} from "./draft.ts";

const isPost: Oddity["appliesTo"] = (base) => !isGet(base);

const contentTypes: readonly Oddity[] = [
  {
    name: "content type without a codec",
    step: "head",
    appliesTo: (base) => isFramed(base) && base.codec === "proto",
    edit(draft) {
      setHeader(
        draft,
        "content-type",
        draft.base.protocol === "gRPC" ? "application/grpc" : "application/grpc-web",
      );
    },
  },
  {
    name: "content type in upper case",
    step: "head",
    appliesTo: isPost,
    edit(draft, pick) {
      const type = contentTypeOf(draft.base.protocol, draft.base.codec);
      const some = type
        .replace("application", "Application")
        .replace("json", "JSON")
        .replace("proto", "Proto");
      setHeader(draft, "content-type", pick([type.toUpperCase(), some]));
    },
  },
  {
    name: "charset of UTF-8",
    step: "head",
    appliesTo: (base) => !isGet(base) && base.codec === "json",
    edit(draft, pick) {
      const type = contentTypeOf(draft.base.protocol, "json");
      const parameter = pick([
        "; charset=utf-8",
        ";charset=utf8",
        "; charset=UTF-8",
        ";  charset=utf-8",
        '; charset="utf-8"',
        " ; charset=utf-8",
      ]);
      setHeader(draft, "content-type", type + parameter);
    },
  },
  {
    name: "other parameter of the content type",
    step: "head",
    appliesTo: isPost,
    edit(draft, pick) {
      const type = contentTypeOf(draft.base.protocol, draft.base.codec);
      const parameter = pick([
        "; charset=latin1",
        "; x=y",
        ";",
        "; charset=utf-8; x=y",
        "; charset=",
        "; proto=x",
      ]);
      setHeader(draft, "content-type", type + parameter);
    },
  },
  {
    name: "unknown content type",
    step: "head",
    appliesTo: isPost,
    edit(draft, pick) {
      const types = [
        "text/plain",
        "application/xml",
        "application/jsonp",
        "application/protobuf",
        "application/x-www-form-urlencoded",
        "application/connect+json",
        "application/connect+proto",
        "application/grpc+thrift",
        "application/grpc-web+thrift",
        "application/grpcfoo",
        "application",
        "*/*",
      ];
      setHeader(draft, "content-type", pick(types));
    },
  },
  {
    name: "no content type",
    step: "head",
    appliesTo: isPost,
    edit(draft, pick) {
      setHeader(draft, "content-type", ...pick([[], [""]]));
    },
  },
  {
    name: "content type of the other codec",
    step: "head",
    appliesTo: isPost,
    edit(draft) {
      const other = draft.base.codec === "json" ? "proto" : "json";
      setHeader(draft, "content-type", contentTypeOf(draft.base.protocol, other));
    },
  },
];

/** Sent alone: other edits could end the call before its timeout, or not at all. */
export const waitingOddity: Oddity = {
  name: "implementation that waits longer than the timeout",
  step: "message",
  edit(draft, pick) {
    draft.message = draft.base.codec === "json" ? Buffer.from('{"waits":true}') : Buffer.from("3001", "hex");
    if (isFramed(draft.base)) {
      setHeader(draft, "grpc-timeout", pick(["20m", "30000u", "10000000n"]));
    } else {
      setHeader(draft, "connect-timeout-ms", pick(["20", "0000000030"]));
    }
  },
};

const timeouts: readonly Oddity[] = [
  {
    name: "timeout",
    step: "head",
    edit(draft, pick) {
      if (isFramed(draft.base)) {
        setHeader(draft, "grpc-timeout", pick(["1H", "90M", "3600S", "99999999m", "99999999u", "00000002H"]));
      } else {
        setHeader(draft, "connect-timeout-ms", pick(["3600000", "0000600000", "86400000"]));
      }
    },
  },
  {
    name: "timeout longer than timers",
    step: "head",
    edit(draft, pick) {
      if (isFramed(draft.base)) {
        setHeader(draft, "grpc-timeout", pick(["99999999H", "99999999M", "99999999S"]));
      } else {
        setHeader(draft, "connect-timeout-ms", pick(["9999999999", "2147483648"]));
      }
    },
  },
  {
    name: "timeout that has passed",
    step: "head",
    edit(draft, pick) {
      if (isFramed(draft.base)) {
        setHeader(draft, "grpc-timeout", pick(["0n", "0H", "00000000m"]));
      } else {
        setHeader(draft, "connect-timeout-ms", pick(["0", "0000000000"]));
      }
    },
  },
  {
    name: "malformed timeout",
    step: "head",
    edit(draft, pick) {
      if (isFramed(draft.base)) {
        setHeader(
          draft,
          "grpc-timeout",
          pick(["1", "H", "1h", "-1S", "1.5S", "123456789S", "1 S", "", "1S,2S"]),
        );
      } else {
        setHeader(
          draft,
          "connect-timeout-ms",
          pick(["x", "-1", "1.5", "12345678901", "1s", "", "1,2", "0x10"]),
        );
      }
    },
  },
  {
    name: "timeout header of another protocol",
    step: "head",
    edit(draft, pick) {
      if (isFramed(draft.base)) {
        setHeader(draft, "connect-timeout-ms", pick(["3600000", "0", "x"]));
      } else {
        setHeader(draft, "grpc-timeout", pick(["1H", "0m", "x"]));
      }
    },
  },
];

const metadata: readonly Oddity[] = [
  {
    name: "accepted encodings",
    step: "head",
    edit(draft, pick) {
      const { accept } = encodingHeadersOf(draft.base.protocol);
      const values = [
        "gzip",
        "br",
        "gzip, br",
        "br,gzip",
        "identity",
        "identity, gzip",
        "zstd, br",
        "gzip;q=0",
        "GZIP",
        "*",
        "",
        " ,gzip",
        "zstd",
      ];
      setHeader(draft, accept, pick(values));
    },
  },
  {
    name: "accepted encodings of another protocol",
    step: "head",
    edit(draft) {
      const { accept } = encodingHeadersOf(isFramed(draft.base) ? "Connect" : "gRPC");
      setHeader(draft, accept, "gzip");
    },
  },
  {
    name: "binary metadata",
    step: "head",
    edit(draft, pick) {
      setHeader(
        draft,
        "x-data-bin",
        ...pick([["AAEC"], ["AAEC", "/w"], ["AAEC,/w=="], ["_-8"], ["not base64!"], [""]]),
      );
    },
  },
  {
    name: "metadata of several values",
    step: "head",
    edit(draft, pick) {
      setHeader(
        draft,
        pick(["X-Note", "x-note"]),
        ...pick([["a", "b"], ["a, b", "c"], ["", "a"], ["é"], ["a  b"]]),
      );
    },
  },
  {
    name: "metadata that Node joins or drops",
    step: "head",
    edit(draft, pick) {
      setHeader(
        draft,
        ...pick<[string, ...string[]]>([
          ["cookie", "a=1", "b=2"],
          ["user-agent", "a"],
          ["referer", "http://a/"],
          ["accept", "a/b", "c/d"],
          ["x-forwarded-for", "1.2.3.4", "5.6.7.8"],
          ["set-cookie", "a=1", "b=2"],
        ]),
      );
    },
  },
  {
    name: "version of the Connect protocol",
    step: "head",
    appliesTo: (base) => !isFramed(base),
    edit(draft, pick) {
      if (isGet(draft.base)) {
        setQuery(draft, "connect", ...pick([[], ["v2"], ["1"], [""]]));
      } else {
        setHeader(draft, "connect-protocol-version", ...pick([[], ["2"], ["v1"], [""]]));
      }
    },
  },
];

const targets: readonly Oddity[] = [
  {
    name: "HTTP method",
    step: "head",
    edit(draft, pick) {
      draft.method = pick(["GET", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH", "POST"]);
    },
  },
  {
    name: "unknown method",
    step: "head",
    edit(draft, pick) {
      draft.path = pick([
        "/scripted.v1.Scripted/Unknown",
        "/scripted.v1.Unknown/Run",
        "/scripted.v1.Scripted/run",
        "/scripted.v1.Scripted/Run/",
      ]);
    },
  },
  {
    name: "query that a POST does not use",
    step: "head",
    appliesTo: isPost,
    edit(draft, pick) {
      draft.query.push(
        ...pick<[string, string][]>([
          [["a", "b"]],
          [
            ["message", "{}"],
            ["encoding", "json"],
          ],
          [["é", "/?"]],
        ]),
      );
    },
  },
  {
    name: "malformed query",
    step: "head",
    appliesTo: isGet,
    edit(draft, pick) {
      pick([
        () => setQuery(draft, "encoding", "xml"),
        () => setQuery(draft, "encoding"),
        () => setQuery(draft, "message"),
        () => setQuery(draft, "base64", "2"),
        () => setQuery(draft, "base64", "1", "1"),
        () => setQuery(draft, "message", "{}", "{}"),
        () => draft.query.push(["x", "y"]),
      ])();
    },
  },
  {
    name: "base64 of a GET",
    step: "head",
    appliesTo: (base) => isGet(base) && base.base64,
    edit(draft, pick) {
      setQuery(draft, "message", pick([draft.body.toString("base64"), "e30!", "e", "e30=", "-_8", "e30 "]));
    },
  },
];

/** What may be odd about the head of a request. Of each group, one at most is. */
export const headOddities: readonly (readonly Oddity[])[] = [contentTypes, timeouts, metadata, targets];
