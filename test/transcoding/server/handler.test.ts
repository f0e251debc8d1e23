import { once } from "node:events";
import { connect } from "node:http2";
import { createConnection } from "node:net";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { create, type Message, toJson } from "@bufbuild/protobuf";
import { DurationSchema, TimestampSchema } from "@bufbuild/protobuf/wkt";
import {
  Code,
  ConnectError,
  createContextKey,
  createContextValues,
  type HandlerContext,
} from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RetryInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import { httpStatusOf, statusNameOf } from "../../../src/transcoding/http/status.ts";
import { pathFieldsKey } from "../../../src/transcoding/server/context.ts";
import { createTranscodingHandler } from "../../../src/transcoding/server/handler.ts";
import { library, methodOf } from "../fixtures/library.ts";
import { errorOf, protocols, type Sent, type Served, send, sendRaw, serve } from "../fixtures/serving.ts";

const limit = 1_000;
const bookPath = "/v1/shelves/1/books/2";
const zeros = Buffer.alloc(64 * 1024 * 1024);

let served: Served;
let calls: string[];
let respond: (context: HandlerContext) => Record<string, unknown>;

beforeAll(async () => {
  const implementations = Object.fromEntries(
    library.methods.map((method) => [
      method.name,
      (request: Message, context: HandlerContext) => {
        calls.push(`${method.name} ${JSON.stringify(toJson(method.input, request))}`);
        return respond(context);
      },
    ]),
  );
  served = await serve(implementations, { readMaxBytes: limit });
});
afterAll(() => served.close());
beforeEach(() => {
  calls = [];
  respond = () => ({});
  served.failures.length = 0;
});

describe.each(protocols)("%s", (protocol) => {
  const ask = (sent: Sent) => send(served, protocol, sent);

  it.each([
    ["GET", bookPath, undefined, 'GetBook {"name":"shelves/1/books/2"}'],
    [
      "GET",
      "/v1/shelves/1/books?page_size=5&showLost=false",
      undefined,
      'ListBooks {"parent":"shelves/1","pageSize":5,"showLost":false}',
    ],
    [
      "GET",
      "/v1/books?filter.pages.to=0&filter.words=a&filter.words=b",
      undefined,
      'ListBooks {"filter":{"pages":{"to":0},"words":["a","b"]}}',
    ],
    [
      "POST",
      "/v1/shelves/1/books?book_id=x",
      { title: "a" },
      'CreateBook {"parent":"shelves/1","book":{"title":"a"},"bookId":"x"}',
    ],
    [
      "PATCH",
      `${bookPath}?updateMask=title`,
      { title: "a" },
      'UpdateBook {"book":{"name":"shelves/1/books/2","title":"a"},"updateMask":"title"}',
    ],
    [
      "PUT",
      bookPath,
      { book: { title: "a" }, updateMask: "title" },
      'UpdateBook {"book":{"name":"shelves/1/books/2","title":"a"},"updateMask":"title"}',
    ],
    ["DELETE", bookPath, undefined, 'DeleteBook {"name":"shelves/1/books/2"}'],
    ["POST", `${bookPath}:cancel`, { reason: "a" }, 'CancelLoan {"name":"shelves/1/books/2","reason":"a"}'],
    ["POST", `${bookPath}:tag`, ["a", "b"], 'TagBook {"name":"shelves/1/books/2","tags":["a","b"]}'],
    ["SEARCH", "/v1/books?pageToken=a+b", undefined, 'SearchBooks {"pageToken":"a b"}'],
    ["PURGE", "/v1/ping", undefined, "Ping {}"],
    ["POST", "/v1/ping", undefined, "Ping {}"],
    ["GET", "/v1/files", undefined, "GetFile {}"],
    ["GET", "/v1/files/a%2Fb//", undefined, undefined],
    ["GET", "/v1/files/a%2Fb/%63+", undefined, 'GetFile {"rest":"a%2Fb/c+"}'],
    ["GET", "/v1/files/a/../%2e%2e/b\\c", undefined, 'GetFile {"rest":"a/../../b\\\\c"}'],
    ["GET", "/v1/shelves/a%2Fb/books/%2541", undefined, 'GetBook {"name":"shelves/a%2Fb/books/%41"}'],
    ["POST", `${bookPath}%3Acancel`, { reason: "a" }, undefined],
    ["GET", `${bookPath}:cancel`, undefined, 'GetBook {"name":"shelves/1/books/2:cancel"}'],
    [
      "POST",
      "/v1/everything?$alt=json%3Benum-encoding%3Dint&key=x",
      { int32Value: 1 },
      'Echo {"int32Value":1}',
    ],
    ["POST", "/v1/everything", undefined, "Echo {}"],
    [
      "GET",
      "/v1/everything?int64_value=9007199254740993",
      undefined,
      'Echo {"int64Value":"9007199254740993"}',
    ],
  ])("calls the method of the route: %s %s %j", async (method, path, body, call) => {
    const { status } = await ask({ method, path, body });
    expect([calls[0], status < 400]).toEqual([call, call !== undefined]);
  });

  it("responds with JSON and its length", async () => {
    respond = () => ({ title: "€", pages: 3 });
    const { status, headers, text } = await ask({ path: bookPath });
    expect([status, text]).toEqual([200, '{"title":"€","pages":3}']);
    expect(headers).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      "content-length": String(Buffer.byteLength(text)),
    });
    expect(headers["transfer-encoding"]).toBeUndefined();
  });

  it("writes google.protobuf.Empty as {}", async () => {
    expect((await ask({ method: "DELETE", path: bookPath })).text).toBe("{}");
  });

  it("sends X-Content-Type-Options and Vary with each response", async () => {
    for (const path of [bookPath, "/nowhere"]) {
      expect((await ask({ path })).headers).toMatchObject({
        "x-content-type-options": "nosniff",
        vary: "accept, accept-encoding",
      });
    }
    respond = ({ responseHeader }) => {
      responseHeader.set("vary", "origin");
      return {};
    };
    expect((await ask({ path: bookPath })).headers.vary).toBe("accept, accept-encoding, origin");
  });

  it("responds to HEAD like to GET, without content", async () => {
    respond = () => ({ title: "a" });
    const { status, headers, text } = await ask({ method: "HEAD", path: bookPath });
    expect([status, headers["content-length"], text]).toEqual([200, "13", ""]);
    expect(calls).toEqual(['GetBook {"name":"shelves/1/books/2"}']);
    const missing = await ask({ method: "HEAD", path: "/nowhere" });
    expect([missing.status, missing.text]).toEqual([404, ""]);
    expect(Number(missing.headers["content-length"])).toBeGreaterThan(100);
  });

  it.each([
    ["/nowhere"],
    ["/"],
    [`${bookPath}/`],
    ["//v1/books"],
    ["/v1//books"],
    ["/V1/books"],
    ["/v1/nowhere/../books"],
    ["/v1%2Fbooks"],
    ["/library.v1.Library/Hidden"],
    ["/__proto__"],
  ])("answers 404 with an error body for the path %s", async (path) => {
    const answer = await ask({ path });
    expect(answer.status).toBe(404);
    expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(errorOf(answer)).toEqual({
      code: 404,
      message: "no method has this path",
      status: "NOT_FOUND",
      details: [
        { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "ROUTE_NOT_FOUND", domain: "library" },
      ],
    });
  });

  it.each([
    ["PUT", "/v1/everything", "GET, HEAD, POST"],
    ["POST", "/v1/books", "GET, HEAD, SEARCH"],
    ["POST", bookPath, "DELETE, GET, HEAD, PATCH, PUT"],
    ["PUT", "/v1/shelves/1/books", "GET, HEAD, POST"],
    ["TRACE", `${bookPath}:cancel`, "DELETE, GET, HEAD, PATCH, POST, PUT"],
  ])("answers 405 to %s %s with Allow: %s", async (method, path, allow) => {
    const answer = await ask({ method, path });
    expect([answer.status, answer.headers.allow]).toEqual([405, allow]);
    expect(errorOf(answer)).toMatchObject({
      code: 405,
      message: `this path allows ${allow}, not ${method}`,
      details: [{ reason: "METHOD_NOT_ALLOWED" }],
    });
  });

  it.each([
    [undefined],
    ["text/plain"],
    ["application/x-www-form-urlencoded"],
    ["application/json; charset=latin1"],
    ["application/grpc"],
    ["application/grpc+proto"],
    ["application/grpc-web+json"],
    ["application/connect+json"],
    ["application/proto"],
  ])("answers 415 to a body of type %s", async (type) => {
    const headers = type === undefined ? {} : { "content-type": type };
    const answer = await ask({ path: "/v1/everything", body: "{}", headers });
    expect(answer.status).toBe(415);
    expect(errorOf(answer)).toMatchObject({
      code: 415,
      message: "the content type must be application/json",
      status: "INVALID_ARGUMENT",
      details: [{ reason: "CONTENT_TYPE_UNSUPPORTED" }],
    });
    expect(calls).toEqual([]);
  });

  it.each(["Application/JSON", 'application/json; charset="UTF-8"'])(
    "reads a body of type %s",
    async (type) => {
      const sent = { path: "/v1/everything", body: '{"kind":1}', headers: { "content-type": type } };
      expect((await ask(sent)).status).toBe(200);
      expect(calls).toEqual(['Echo {"kind":"NOVEL"}']);
    },
  );

  it("answers 406 when Accept excludes application/json", async () => {
    const answer = await ask({ path: bookPath, headers: { accept: "text/html, application/json;q=0" } });
    expect(answer.status).toBe(406);
    expect(errorOf(answer)).toMatchObject({
      code: 406,
      message: "the response can only be application/json, which the header Accept must allow",
      details: [{ reason: "RESPONSE_NOT_ACCEPTABLE" }],
    });
    expect(calls).toEqual([]);
  });

  it.each([
    [{ method: "DELETE", path: bookPath, body: {} }, ["body: must be empty: this method takes no body"]],
    [{ path: "/v1/everything", body: null }, ["body: must be an object, not null"]],
    [
      { method: "PATCH", path: bookPath, body: { name: "x" } },
      ["book.name: must be the same in the body as in the path"],
    ],
    [
      { path: `${bookPath}?name=x` },
      ["name: is set by the path or the body, and cannot be a parameter as well"],
    ],
    [
      { path: "/v1/shelves/1/books?book.title=x", body: {} },
      ["book.title: is set by the path or the body, and cannot be a parameter as well"],
    ],
    [{ path: "/v1/shelves/%zz/books/2" }, ["name: must be percent-encoded UTF-8 in the path"]],
    [{ path: "/v1/shelves/%ff/books/2" }, ["name: must be percent-encoded UTF-8 in the path"]],
    [{ path: "/v1/ping/%ff/now" }, ["path: must be percent-encoded UTF-8"]],
    [{ path: "/v1/books?page_token=%ff" }, ["page_token: must be percent-encoded UTF-8"]],
    [{ path: "/v1/books?bogus=x" }, ["bogus: is not a parameter of this method"]],
    [
      { path: "/v1/books?__proto__.polluted=x&constructor=x" },
      [
        "__proto__.polluted: is not a parameter of this method",
        "constructor: is not a parameter of this method",
      ],
    ],
    [
      { path: "/v1/everything", body: '{"__proto__":{"polluted":1}}' },
      ["__proto__: is not a field of Everything"],
    ],
    [{ path: "/v1/everything", body: '{"kind":1,"k\\u0069nd":2}' }, ["kind: is set twice in one object"]],
    [
      { path: "/v1/shelves/1/books", body: { parts: [{}, { bogus: 1 }] } },
      ["parts[1].bogus: is not a field of Part"],
    ],
    [{ path: "/v1/shelves/1/books", body: { book: { bogus: 1 } } }, ["book.bogus: is not a field of Book"]],
    [{ path: `${bookPath}:tag`, body: ["a", 1] }, ["[1]: must be a string, not a number"]],
    [
      { path: "/v1/everything", body: { time: "2026-02-30T00:00:00Z" } },
      ['time: must be an RFC 3339 time that exists, with Z or an offset, such as "2026-01-31T08:00:00Z"'],
    ],
    [{ path: "/v1/everything", body: Buffer.from([0x22, 0xff, 0x22]) }, ["body: must be UTF-8"]],
    [
      { path: "/v1/everything", body: '{"stringValue":"secret' },
      [expect.stringMatching(/^body: must be JSON(: unexpected text at character \d+)?$/)],
    ],
  ] as [Sent, string[]][])("answers 400 with all violations of %j", async (sent, expected) => {
    const answer = await ask({ ...sent, headers: { "content-type": "application/json" } });
    const { code, message, status, details } = errorOf(answer);
    expect([answer.status, code, status]).toEqual([400, 400, "INVALID_ARGUMENT"]);
    expect(details).toMatchObject([
      { reason: "REQUEST_MALFORMED", domain: "library" },
      { "@type": "type.googleapis.com/google.rpc.BadRequest" },
    ]);
    const violations = details[1]?.fieldViolations as { field: string; description: string }[];
    expect(violations.map(({ field, description }) => `${field}: ${description}`)).toEqual(expected);
    expect(message.startsWith(`${violations[0]?.field} ${violations[0]?.description}`)).toBe(true);
    expect([calls, served.failures]).toEqual([[], []]);
    expect({}).not.toHaveProperty("polluted");
  });

  it("answers 414 to a request target that is too long", async () => {
    const answer = await ask({ path: "/".repeat(8_193) });
    expect(answer.status).toBe(414);
    expect(errorOf(answer)).toMatchObject({
      code: 414,
      message: "the request target must not be longer than 8192 characters",
      details: [{ reason: "REQUEST_MALFORMED" }],
    });
    expect((await ask({ path: `/v1/files/${"a".repeat(8_182)}` })).status).toBe(200);
  });

  const compressed = [
    ["gzip", gzipSync],
    ["x-gzip", gzipSync],
    ["GZIP", gzipSync],
    ["br", brotliCompressSync],
    ["identity", Buffer.from],
    ["", Buffer.from],
  ] as [string, (text: string) => Buffer][];

  const sendEncoded = (encoding: string, body: Uint8Array) =>
    ask({
      path: "/v1/everything",
      body,
      headers: { "content-type": "application/json", "content-encoding": encoding },
    });

  it.each(compressed)("reads a body with the content encoding %j", async (encoding, compress) => {
    expect((await sendEncoded(encoding, compress('{"stringValue":"a"}'))).status).toBe(200);
    expect(calls).toEqual(['Echo {"stringValue":"a"}']);
  });

  it("reads an empty body with any content encoding", async () => {
    expect((await sendEncoded("gzip", new Uint8Array())).status).toBe(200);
  });

  it.each([
    "deflate",
    "zstd",
    "gzip, br",
    "compress",
    "constructor",
    "__proto__",
    "tostring",
    "hasownproperty",
  ])("answers 415 to the content encoding %s and lists the supported ones", async (encoding) => {
    const answer = await sendEncoded(encoding, Buffer.from("{}"));
    expect([answer.status, answer.headers["accept-encoding"]]).toEqual([415, "gzip, br"]);
    expect(errorOf(answer)).toMatchObject({
      code: 415,
      message: "the content encoding must be one of gzip, br",
      details: [{ reason: "CONTENT_TYPE_UNSUPPORTED" }],
    });
    expect(calls).toEqual([]);
  });

  it.each([
    ["gzip", "that is not compressed", Buffer.from("{}")],
    ["gzip", "that is truncated", gzipSync('{"stringValue":"a"}').subarray(0, -9)],
    ["br", "that is not compressed", Buffer.from("{}")],
    ["br", "that is truncated", brotliCompressSync('{"stringValue":"a"}').subarray(0, -2)],
    ["br", "that is gzip", gzipSync("{}")],
  ])("answers 400 to %s %s", async (encoding, _, body) => {
    const answer = await sendEncoded(encoding, body);
    expect([answer.status, errorOf(answer).message]).toEqual([
      400,
      "body does not decompress: it is damaged, cut off, or not what Content-Encoding names",
    ]);
    expect(served.failures).toEqual([]);
  });

  const document = (length: number) => `{"stringValue":"${"a".repeat(length - 18)}"}`;

  it.each(compressed)(
    "reads a body of exactly the limit with the content encoding %j",
    async (encoding, compress) => {
      expect((await sendEncoded(encoding, compress(document(limit)))).status).toBe(200);
      expect(calls).toHaveLength(1);
    },
  );

  it.each(compressed)(
    "answers 413 to a body of one byte more than the limit with the content encoding %j",
    async (encoding, compress) => {
      const answer = await sendEncoded(encoding, compress(document(limit + 1)));
      expect(answer.status).toBe(413);
      expect(errorOf(answer)).toMatchObject({
        code: 413,
        message: "the request body must not be larger than 1000 bytes",
        status: "RESOURCE_EXHAUSTED",
        details: [{ reason: "REQUEST_TOO_LARGE", metadata: { maxBytes: "1000" } }],
      });
      expect(calls).toEqual([]);
    },
  );

  it.each([
    ["gzip", gzipSync(zeros, { level: 1 })],
    ["br", brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
  ])(
    "answers 413 to a decompression bomb in %s without decompressing it in memory",
    async (encoding, bomb) => {
      const own = await serve({}, { readMaxBytes: 1024 * 1024 });
      const before = process.memoryUsage().arrayBuffers;
      const answer = await send(own, protocol, {
        path: "/v1/everything",
        body: bomb,
        headers: { "content-type": "application/json", "content-encoding": encoding },
      });
      expect([bomb.length < 1024 * 1024, answer.status]).toEqual([true, 413]);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
      await own.close();
    },
  );

  it("responds to an error of each code with its HTTP status and name", async () => {
    for (const code of Object.values(Code).filter((each) => typeof each === "number")) {
      respond = () => {
        throw new ConnectError("no", code);
      };
      const answer = await ask({ path: bookPath });
      const isHidden = code === Code.Internal || code === Code.Unknown;
      expect([answer.status, errorOf(answer).code, errorOf(answer).status]).toEqual([
        httpStatusOf[code],
        httpStatusOf[code],
        statusNameOf[isHidden ? Code.Internal : code],
      ]);
    }
  });

  it.each([
    ["an Error", new TypeError("secret")],
    ["a string", "secret"],
    ["nothing", undefined],
    ["an error of the code INTERNAL", new ConnectError("secret", Code.Internal)],
    ["an error of the code UNKNOWN", new ConnectError("secret")],
  ])("hides %s that a method throws and reports it to onFailure", async (_, cause) => {
    respond = () => {
      throw cause;
    };
    const answer = await ask({ path: bookPath });
    expect(answer.status).toBe(500);
    expect(errorOf(answer)).toEqual({
      code: 500,
      message: "the server failed",
      status: "INTERNAL",
      details: [
        { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "SERVER_FAILURE", domain: "library" },
      ],
    });
    expect(JSON.stringify(answer.headers)).not.toContain("secret");
    expect(served.failures).toEqual([cause]);
  });

  it("answers 500 to a response without JSON form and reports it to onFailure", async () => {
    respond = () => ({ time: create(TimestampSchema, { seconds: 10n ** 15n }) });
    const answer = await ask({ path: "/v1/everything" });
    expect([answer.status, errorOf(answer).message]).toEqual([500, "the server failed"]);
    expect(served.failures).toHaveLength(1);
  });

  it("writes the paths of violations that a method throws relative to the body", async () => {
    respond = () => {
      throw new ConnectError("book.title is bad", Code.InvalidArgument);
    };
    const path = "/v1/shelves/1/books";
    expect(errorOf(await ask({ path, body: {} })).message).toBe("title is bad");
    expect(errorOf(await ask({ path: bookPath })).message).toBe("book.title is bad");
  });

  it("sends Retry-After for an error with RetryInfo", async () => {
    respond = () => {
      const error = new ConnectError("busy", Code.Unavailable);
      const retryDelay = create(DurationSchema, { seconds: 1n, nanos: 1 });
      error.details.push({ desc: RetryInfoSchema, value: { retryDelay } });
      throw error;
    };
    const answer = await ask({ path: bookPath });
    expect([answer.status, answer.headers["retry-after"]]).toEqual([503, "2"]);
    expect(errorOf(answer).details).toMatchObject([
      { reason: "UNAVAILABLE" },
      { retryDelay: "1.000000001s" },
    ]);
  });

  it("passes headers in both directions, except those that the library sets", async () => {
    respond = ({ requestHeader, responseHeader }) => {
      responseHeader.set("x-answer", `${requestHeader.get("x-question")}`);
      responseHeader.set("content-type", "text/html");
      responseHeader.set("content-length", "1");
      responseHeader.set("content-encoding", "gzip");
      responseHeader.set("transfer-encoding", "chunked");
      responseHeader.set("connection", "upgrade");
      responseHeader.append("set-cookie", "a=1");
      responseHeader.append("set-cookie", "b=2");
      return { title: "a" };
    };
    const { status, headers, text } = await ask({ path: bookPath, headers: { "x-question": "why" } });
    expect([status, text]).toEqual([200, '{"title":"a"}']);
    expect(headers).toMatchObject({
      "x-answer": "why",
      "set-cookie": ["a=1", "b=2"],
      "content-type": "application/json; charset=utf-8",
      "content-length": "13",
    });
    expect(headers["content-encoding"]).toBeUndefined();
    expect(headers["transfer-encoding"]).toBeUndefined();
    expect(headers.connection).not.toBe("upgrade");
  });

  it.each([
    ["hop-by-hop", { "transfer-encoding": "chunked", connection: "close", "content-encoding": "gzip" }],
    ["invalid in a header", { "x-bad": "\u0001" }],
  ])("responds to an error with metadata that is %s", async (_, metadata) => {
    respond = () => {
      throw new ConnectError("no", Code.NotFound, { "x-good": "a", ...metadata });
    };
    const answer = await ask({ path: bookPath });
    expect([404, 500]).toContain(answer.status);
    expect(errorOf(answer).details).toHaveLength(1);
  });

  it("reports no failure if the client disconnects during the body", async () => {
    const gone = Promise.withResolvers<void>();
    const own = await serve(
      {},
      {
        contextValues(request) {
          request.once("close", gone.resolve);
          leave();
          return createContextValues();
        },
      },
    );
    const leave = protocol === "HTTP/1.1" ? startHttp1(own) : startHttp2(own);
    await gone.promise;
    await new Promise((resolve) => setImmediate(resolve));
    expect(own.failures).toEqual([]);
    await own.close();
  });

  function startHttp1(own: Served): () => void {
    const socket = createConnection(own.port["HTTP/1.1"], "127.0.0.1");
    socket.write(
      "POST /v1/everything HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    );
    return () => socket.destroy();
  }

  function startHttp2(own: Served): () => void {
    const session = connect(`http://127.0.0.1:${own.port["HTTP/2"]}`);
    const stream = session.request({ ":method": "POST", ":path": "/v1/everything" });
    stream.on("error", () => {});
    stream.write("{");
    return () => session.destroy();
  }

  it("aborts the signal of a call without a failure if the client disconnects", async () => {
    const aborted = Promise.withResolvers<unknown>();
    const own = await serve({
      async Echo(_, { signal }) {
        leave();
        await once(signal, "abort");
        aborted.resolve(signal.reason);
        throw signal.reason;
      },
    });
    const leave = protocol === "HTTP/1.1" ? startWholeHttp1(own) : startWholeHttp2(own);
    expect(await aborted.promise).toMatchObject({ code: Code.Canceled });
    await new Promise((resolve) => setImmediate(resolve));
    expect(own.failures).toEqual([]);
    await own.close();
  });

  function startWholeHttp1(own: Served): () => void {
    const socket = createConnection(own.port["HTTP/1.1"], "127.0.0.1");
    socket.write("GET /v1/everything HTTP/1.1\r\nHost: a\r\n\r\n");
    return () => socket.destroy();
  }

  function startWholeHttp2(own: Served): () => void {
    const session = connect(`http://127.0.0.1:${own.port["HTTP/2"]}`);
    session.request({ ":path": "/v1/everything" }).on("error", () => {});
    return () => session.destroy();
  }

  it("provides an aborted signal if the client has disconnected before the signal is accessed", async () => {
    const gone = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<boolean>();
    const own = await serve(
      {
        async Echo(_, context) {
          leave();
          await gone.promise;
          asked.resolve(context.signal.aborted);
          return {};
        },
      },
      {
        contextValues(request) {
          request.socket.once("close", gone.resolve);
          return createContextValues();
        },
      },
    );
    const leave = protocol === "HTTP/1.1" ? startWholeHttp1(own) : startWholeHttp2(own);
    expect(await asked.promise).toBe(true);
    await own.close();
  });

  it("aborts the signal of a call once it has been answered, as connect-es does", async () => {
    const signals: AbortSignal[] = [];
    const own = await serve({
      Echo(_, { signal }) {
        signals.push(signal);
        return {};
      },
    });
    await send(own, protocol, { path: "/v1/everything" });
    await own.close();
    expect(signals.map(({ reason }) => reason.name)).toEqual(["AbortError"]);
  });

  it("answers 413 to an upload without a length once it is above the limit", async () => {
    const answer = protocol === "HTTP/1.1" ? await uploadHttp1() : await uploadHttp2();
    expect(answer).toContain("413");
    expect(answer).toContain("REQUEST_TOO_LARGE");
  });

  /** Sends without end, until the answer has ended. */
  async function uploadHttp1(): Promise<string> {
    const socket = createConnection(served.port["HTTP/1.1"], "127.0.0.1");
    let received = "";
    socket.on("data", (chunk) => {
      received += chunk;
      if (received.endsWith("}}")) {
        socket.destroy();
      }
    });
    socket.on("error", () => {});
    socket.write(
      "POST /v1/everything HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    const chunk = `1000\r\n${" ".repeat(0x1000)}\r\n`;
    const more = () => {
      while (!socket.destroyed && socket.write(chunk)) {}
    };
    socket.on("drain", more);
    more();
    await new Promise((resolve) => socket.on("close", resolve));
    return received;
  }

  /** Sends without end, until the answer has ended. */
  async function uploadHttp2(): Promise<string> {
    const session = connect(`http://127.0.0.1:${served.port["HTTP/2"]}`);
    const stream = session.request({
      ":method": "POST",
      ":path": "/v1/everything",
      "content-type": "application/json",
    });
    stream.on("error", () => {});
    stream.write(" ".repeat(0x10000));
    const [headers] = await once(stream, "response");
    const [body] = await once(stream, "data");
    session.destroy();
    return `${headers[":status"]} ${body}`;
  }

  it("answers 413 to a Content-Length that is too large before the body arrives", async () => {
    if (protocol === "HTTP/1.1") {
      const socket = createConnection(served.port["HTTP/1.1"], "127.0.0.1");
      socket.write("POST /v1/everything HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n");
      const [answer] = await once(socket, "data");
      expect(String(answer)).toMatch(/^HTTP\/1\.1 413 /);
      socket.destroy();
    } else {
      const session = connect(`http://127.0.0.1:${served.port["HTTP/2"]}`);
      const stream = session.request({
        ":method": "POST",
        ":path": "/v1/everything",
        "content-length": 1001,
      });
      stream.on("error", () => {});
      const [headers] = await once(stream, "response");
      expect(headers[":status"]).toBe(413);
      session.destroy();
    }
  });
});

describe("HTTP/1.1 only", () => {
  const head = (answer: string) => answer.slice(0, answer.indexOf("\r\n"));

  it("routes an absolute request target by its path", async () => {
    const answer = await sendRaw(
      served,
      "GET http://books.example:80/v1/books?page_size=5 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    );
    expect(head(answer)).toBe("HTTP/1.1 200 OK");
    expect(calls).toEqual(['ListBooks {"pageSize":5}']);
  });

  it("passes an absolute request target to the method as its URL", async () => {
    const urls: string[] = [];
    respond = ({ url }) => {
      urls.push(url);
      return {};
    };
    const rest = " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    await sendRaw(served, `GET http://books.example:80/v1/books?page_size=5${rest}`);
    await sendRaw(served, `GET /v1/books?page_size=5${rest}`);
    expect(urls).toEqual(["http://books.example:80/v1/books?page_size=5", "http://a/v1/books?page_size=5"]);
  });

  it("serves an HTTP/1.0 request without a Host header", async () => {
    const urls: string[] = [];
    respond = ({ url }) => {
      urls.push(url);
      return { title: "a" };
    };
    const answer = await sendRaw(served, `GET ${bookPath} HTTP/1.0\r\n\r\n`);
    expect(head(answer)).toBe("HTTP/1.1 200 OK");
    expect(answer).toMatch(/\r\n\r\n{"title":"a"}$/);
    expect(urls).toEqual([`http://localhost${bookPath}`]);
  });

  it("answers 400 to a request target with raw bytes beyond ASCII", async () => {
    const answer = await sendRaw(
      served,
      "GET /v1/files/\xe4 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    );
    expect(head(answer)).toBe("HTTP/1.1 400 Bad Request");
  });

  it("answers 404 to the request target *", async () => {
    const answer = await sendRaw(served, "GET * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    expect(head(answer)).toBe("HTTP/1.1 404 Not Found");
  });

  it("serves further requests on a connection after errors", async () => {
    const answers = await sendRaw(
      served,
      [
        "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /v1/everything HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}",
        "PUT /v1/books HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}",
        "GET /v1/books HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
      ].join(""),
    );
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual([
      "HTTP/1.1 404",
      "HTTP/1.1 415",
      "HTTP/1.1 405",
      "HTTP/1.1 200",
    ]);
  });
});

describe("createTranscodingHandler", () => {
  const key = createContextKey("nothing");

  it("calls the request gate with the fields of the path before the body is read", async () => {
    const seen: unknown[] = [];
    const own = await serve(
      {},
      {
        contextValues: () => createContextValues().set(key, "own"),
        requestGate({ method, values, requestHeader, requestMethod, protocolName }) {
          const pathField = values.get(pathFieldsKey);
          seen.push(method.name, pathField?.("name"), pathField?.("reason"), values.get(key));
          seen.push(requestHeader.get("authorization"), requestMethod, protocolName);
          throw new ConnectError("who are you", Code.Unauthenticated, { "www-authenticate": "Bearer" });
        },
      },
    );
    const answer = await send(own, "HTTP/1.1", {
      path: "/v1/shelves/a%20b/books/2:cancel",
      body: "neither JSON nor small",
      headers: { authorization: "Bearer x" },
    });
    expect([answer.status, answer.headers["www-authenticate"]]).toEqual([401, "Bearer"]);
    expect(seen).toEqual(["CancelLoan", "shelves/a b/books/2", undefined, "own", "Bearer x", "POST", "rest"]);
    await own.close();
  });

  it("runs interceptors around the call, the first outermost, and sends headers that they set", async () => {
    const order: string[] = [];
    const named =
      (name: string) => (next: (request: never) => Promise<unknown>) => async (request: never) => {
        order.push(`${name} ${(request as { method: { name: string } }).method.name}`);
        const response = (await next(request)) as { header: Headers };
        response.header.set(`x-${name}`, "1");
        return response;
      };
    const own = await serve(
      { Echo: (_, { values }) => ({ stringValue: values.get(key) }) },
      {
        interceptors: [named("a"), named("b")] as never,
        contextValues: () => createContextValues().set(key, "own"),
      },
    );
    const { headers, text } = await send(own, "HTTP/2", { path: "/v1/everything" });
    expect([order, text, headers["x-a"], headers["x-b"]]).toEqual([
      ["a Echo", "b Echo"],
      '{"stringValue":"own"}',
      "1",
      "1",
    ]);
    await own.close();
  });

  it.each([
    ["contextValues", { contextValues: () => fail() }],
    ["requestGate", { requestGate: () => fail() }],
    ["an interceptor", { interceptors: [() => () => fail()] }],
  ])("answers 500 and reports a failure if %s throws", async (_, options) => {
    const own = await serve({}, options as never);
    const answer = await send(own, "HTTP/1.1", { path: bookPath });
    expect([answer.status, errorOf(answer).message]).toEqual([500, "the server failed"]);
    expect(own.failures).toEqual([new Error("secret")]);
    await own.close();
  });

  function fail(): never {
    throw new Error("secret");
  }

  it("aborts the signals of running calls when the server shuts down", async () => {
    const shutdown = new AbortController();
    const own = await serve(
      {
        async Echo(_, { signal }) {
          shutdown.abort(new ConnectError("shutting down", Code.Unavailable));
          signal.throwIfAborted();
          return {};
        },
      },
      { shutdownSignal: shutdown.signal },
    );
    expect((await send(own, "HTTP/1.1", { path: "/v1/everything" })).status).toBe(503);
    await own.close();
  });

  it("skips unknown fields of bodies with ignoreUnknownFields", async () => {
    const own = await serve({ Echo: (request) => request }, { ignoreUnknownFields: true });
    const sent = { path: "/v1/everything", body: { bogus: { a: 1 }, kind: 1 } };
    expect((await send(own, "HTTP/1.1", sent)).text).toBe('{"kind":"NOVEL"}');
    await own.close();
  });

  it("limits the request target to maxTargetLength", async () => {
    const own = await serve({}, { maxTargetLength: 20 });
    expect((await send(own, "HTTP/1.1", { path: `/v1/files/${"a".repeat(10)}` })).status).toBe(200);
    expect((await send(own, "HTTP/1.1", { path: `/v1/files/${"a".repeat(11)}` })).status).toBe(414);
    await own.close();
  });

  it("createTranscodingHandler rejects two methods with the same route", () => {
    const twice = () =>
      createTranscodingHandler({
        routes(router) {
          router.rpc(methodOf("GetBook"), () => ({}));
          router.rpc(methodOf("GetBook"), () => ({}));
        },
      });
    expect(twice).toThrow(
      "rpc library.v1.Library.GetBook and rpc library.v1.Library.GetBook both have the route GET /v1/{name=shelves/*/books/*}",
    );
  });

  it("answers 501 to a method without an implementation", async () => {
    const own = await serve({}, { routes: (router) => router.service(library, {}) });
    const answer = await send(own, "HTTP/1.1", { path: bookPath });
    expect([answer.status, errorOf(answer).status]).toEqual([501, "UNIMPLEMENTED"]);
    await own.close();
  });
});
