import { once } from "node:events";
import { connect, constants as http2Constants } from "node:http2";
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
  ])("M1: %s %s %j", async (method, path, body, call) => {
    const { status } = await ask({ method, path, body });
    expect([calls[0], status < 400]).toEqual([call, call !== undefined]);
  });

  it("N8: answers JSON with its length", async () => {
    respond = () => ({ title: "€", pages: 3 });
    const { status, headers, text } = await ask({ path: bookPath });
    expect([status, text]).toEqual([200, '{"title":"€","pages":3}']);
    expect(headers).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      "content-length": String(Buffer.byteLength(text)),
    });
    expect(headers["transfer-encoding"]).toBeUndefined();
  });

  it("N8: Empty is {}", async () => {
    expect((await ask({ method: "DELETE", path: bookPath })).text).toBe("{}");
  });

  it("N7: says nosniff, and what the answer varies by", async () => {
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

  it("N5: HEAD is GET without the content", async () => {
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
  ])("N3, E5: 404 with an error body: %s", async (path) => {
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
  ])("N4, E5: %s %s is 405 with Allow %s", async (method, path, allow) => {
    const answer = await ask({ method, path });
    expect([answer.status, answer.headers.allow]).toEqual([405, allow]);
    expect(errorOf(answer)).toMatchObject({
      code: 405,
      message: `this path takes ${allow}, not ${method}`,
      details: [{ reason: "METHOD_NOT_ALLOWED" }],
    });
  });

  it.each([
    ["N1", undefined],
    ["N1", "text/plain"],
    ["N1", "application/x-www-form-urlencoded"],
    ["N1", "application/json; charset=latin1"],
    ["P4", "application/grpc"],
    ["P4", "application/grpc+proto"],
    ["P4", "application/grpc-web+json"],
    ["P4", "application/connect+json"],
    ["P4", "application/proto"],
  ])("%s, E5: a body of the type %s is 415", async (_, type) => {
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
    "N1: a body of the type %s is read",
    async (type) => {
      const sent = { path: "/v1/everything", body: '{"kind":1}', headers: { "content-type": type } };
      expect((await ask(sent)).status).toBe(200);
      expect(calls).toEqual(['Echo {"kind":"NOVEL"}']);
    },
  );

  it("N2, E5: an Accept that excludes JSON is 406", async () => {
    const answer = await ask({ path: bookPath, headers: { accept: "text/html, application/json;q=0" } });
    expect(answer.status).toBe(406);
    expect(errorOf(answer)).toMatchObject({
      code: 406,
      message: "the response can only be application/json",
      details: [{ reason: "RESPONSE_NOT_ACCEPTABLE" }],
    });
    expect(calls).toEqual([]);
  });

  it.each([
    [
      "B3",
      { method: "DELETE", path: bookPath, body: {} },
      ["body: must be empty: this method takes no body"],
    ],
    ["B4", { path: "/v1/everything", body: null }, ["body: must be an object, not null"]],
    [
      "B5",
      { method: "PATCH", path: bookPath, body: { name: "x" } },
      ["book.name: must be the same in the body as in the path"],
    ],
    [
      "B6",
      { path: `${bookPath}?name=x` },
      ["name: is set by the path or the body, and cannot be a parameter as well"],
    ],
    [
      "B6",
      { path: "/v1/shelves/1/books?book.title=x", body: {} },
      ["book.title: is set by the path or the body, and cannot be a parameter as well"],
    ],
    ["D5", { path: "/v1/shelves/%zz/books/2" }, ["name: must be percent-encoded UTF-8 in the path"]],
    ["D5", { path: "/v1/shelves/%ff/books/2" }, ["name: must be percent-encoded UTF-8 in the path"]],
    ["D5", { path: "/v1/ping/%ff/now" }, ["path: must be percent-encoded UTF-8"]],
    ["D5", { path: "/v1/books?page_token=%ff" }, ["page_token: must be percent-encoded UTF-8"]],
    ["Q15", { path: "/v1/books?bogus=x" }, ["bogus: is not a parameter of this method"]],
    [
      "Q16",
      { path: "/v1/books?__proto__.polluted=x&constructor=x" },
      [
        "__proto__.polluted: is not a parameter of this method",
        "constructor: is not a parameter of this method",
      ],
    ],
    [
      "Q16",
      { path: "/v1/everything", body: '{"__proto__":{"polluted":1}}' },
      ["__proto__: is not a field of Everything"],
    ],
    [
      "Q4",
      { path: "/v1/everything", body: '{"kind":1,"k\\u0069nd":2}' },
      ["kind: is set twice in one object"],
    ],
    [
      "J2",
      { path: "/v1/shelves/1/books", body: { parts: [{}, { bogus: 1 }] } },
      ["parts[1].bogus: is not a field of Part"],
    ],
    [
      "E3",
      { path: "/v1/shelves/1/books", body: { book: { bogus: 1 } } },
      ["book.bogus: is not a field of Book"],
    ],
    ["E3", { path: `${bookPath}:tag`, body: ["a", 1] }, ["[1]: must be a string, not a number"]],
    [
      "J7",
      { path: "/v1/everything", body: { time: "2026-02-30T00:00:00Z" } },
      ['time: must be an RFC 3339 time that exists, such as "2026-01-31T08:00:00Z"'],
    ],
    ["J8", { path: "/v1/everything", body: Buffer.from([0x22, 0xff, 0x22]) }, ["body: must be UTF-8"]],
    [
      "J9",
      { path: "/v1/everything", body: '{"stringValue":"secret' },
      [expect.stringMatching(/^body: must be JSON(: unexpected text at character \d+)?$/)],
    ],
  ] as [string, Sent, string[]][])("%s, E3: 400 that lists what is wrong: %j", async (_, sent, faults) => {
    const answer = await ask({ ...sent, headers: { "content-type": "application/json" } });
    const { code, message, status, details } = errorOf(answer);
    expect([answer.status, code, status]).toEqual([400, 400, "INVALID_ARGUMENT"]);
    expect(details).toMatchObject([
      { reason: "REQUEST_MALFORMED", domain: "library" },
      { "@type": "type.googleapis.com/google.rpc.BadRequest" },
    ]);
    const violations = details[1]?.fieldViolations as { field: string; description: string }[];
    expect(violations.map(({ field, description }) => `${field}: ${description}`)).toEqual(faults);
    expect(message.startsWith(`${violations[0]?.field} ${violations[0]?.description}`)).toBe(true);
    expect([calls, served.failures]).toEqual([[], []]);
    expect({}).not.toHaveProperty("polluted");
  });

  it("M11, E5: a target that is too long is 414", async () => {
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

  it.each(compressed)("C1: reads a body of the encoding %j", async (encoding, compress) => {
    expect((await sendEncoded(encoding, compress('{"stringValue":"a"}'))).status).toBe(200);
    expect(calls).toEqual(['Echo {"stringValue":"a"}']);
  });

  it("C1: reads an empty body whatever its encoding", async () => {
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
  ])("C1, E5: the encoding %s is 415, with those that would do", async (encoding) => {
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
    ["gzip", "that is not", Buffer.from("{}")],
    ["gzip", "that is cut", gzipSync('{"stringValue":"a"}').subarray(0, -9)],
    ["br", "that is not", Buffer.from("{}")],
    ["br", "that is cut", brotliCompressSync('{"stringValue":"a"}').subarray(0, -2)],
    ["br", "that is gzip", gzipSync("{}")],
  ])("C1: %s %s is 400", async (encoding, _, body) => {
    const answer = await sendEncoded(encoding, body);
    expect([answer.status, errorOf(answer).message]).toEqual([400, "body does not decompress"]);
    expect(served.failures).toEqual([]);
  });

  const document = (length: number) => `{"stringValue":"${"a".repeat(length - 18)}"}`;

  it.each(compressed)(
    "C3: a body of exactly the limit is read, in the encoding %j",
    async (encoding, compress) => {
      expect((await sendEncoded(encoding, compress(document(limit)))).status).toBe(200);
      expect(calls).toHaveLength(1);
    },
  );

  it.each(compressed)("C3, E5: a byte more is 413, in the encoding %j", async (encoding, compress) => {
    const answer = await sendEncoded(encoding, compress(document(limit + 1)));
    expect(answer.status).toBe(413);
    expect(errorOf(answer)).toMatchObject({
      code: 413,
      message: "the request body must not be larger than 1000 bytes",
      status: "RESOURCE_EXHAUSTED",
      details: [{ reason: "REQUEST_TOO_LARGE", metadata: { maxBytes: "1000" } }],
    });
    expect(calls).toEqual([]);
  });

  it.each([
    ["gzip", gzipSync(zeros, { level: 1 })],
    ["br", brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
  ])("C3: a bomb of the encoding %s is 413, and small in memory", async (encoding, bomb) => {
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
  });

  it("S1: every code leaves with its status and its name", async () => {
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
  ])("E4: %s that a handler throws is a fixed text, and a failure", async (_, cause) => {
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

  it("E4: a response that has no JSON form is a failure", async () => {
    respond = () => ({ time: create(TimestampSchema, { seconds: 10n ** 15n }) });
    const answer = await ask({ path: "/v1/everything" });
    expect([answer.status, errorOf(answer).message]).toEqual([500, "the server failed"]);
    expect(served.failures).toHaveLength(1);
  });

  it("E3: the violations of a handler begin where the body begins", async () => {
    respond = () => {
      throw new ConnectError("book.title is bad", Code.InvalidArgument);
    };
    const path = "/v1/shelves/1/books";
    expect(errorOf(await ask({ path, body: {} })).message).toBe("title is bad");
    expect(errorOf(await ask({ path: bookPath })).message).toBe("book.title is bad");
  });

  it("E8: Retry-After says what RetryInfo says", async () => {
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

  it("H1: headers go both ways, and the library's own stay its own", async () => {
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
    ["not to be written", { "x-bad": "\u0001" }],
  ])("E4: an error with metadata that is %s still has its answer", async (_, metadata) => {
    respond = () => {
      throw new ConnectError("no", Code.NotFound, { "x-good": "a", ...metadata });
    };
    const answer = await ask({ path: bookPath });
    expect([404, 500]).toContain(answer.status);
    expect(errorOf(answer).details).toHaveLength(1);
  });

  it("C5: a client that goes away during the body is no failure", async () => {
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

  it("C5: a client that goes away aborts the handler's signal, and is no failure", async () => {
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

  it("C5: a signal that is asked for after the client went away is aborted", async () => {
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

  it("C5: an answered call is not aborted afterwards", async () => {
    const signals: AbortSignal[] = [];
    const own = await serve({
      Echo(_, { signal }) {
        signals.push(signal);
        return {};
      },
    });
    await send(own, protocol, { path: "/v1/everything" });
    await own.close();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  });

  it("C3: an upload without a length is stopped at the limit, and answered", async () => {
    const answer = protocol === "HTTP/1.1" ? await uploadHttp1() : await uploadHttp2();
    expect(answer).toContain("413");
    expect(answer).toContain("REQUEST_TOO_LARGE");
  });

  /** Sends without end, until the server closes. */
  async function uploadHttp1(): Promise<string> {
    const socket = createConnection(served.port["HTTP/1.1"], "127.0.0.1");
    let received = "";
    socket.on("data", (chunk) => {
      received += chunk;
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

  it("C3: a length that is too large is refused before a byte of the body", async () => {
    if (protocol === "HTTP/1.1") {
      const answer = await sendRaw(
        served,
        "POST /v1/everything HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n",
      );
      expect(answer).toMatch(/^HTTP\/1\.1 413 /);
      expect(answer).toMatch(/\r\nconnection: close\r\n/i);
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

describe("HTTP/1 alone", () => {
  const head = (answer: string) => answer.slice(0, answer.indexOf("\r\n"));

  it("M12: an absolute target is its path", async () => {
    const answer = await sendRaw(
      served,
      "GET http://books.example:80/v1/books?page_size=5 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    );
    expect(head(answer)).toBe("HTTP/1.1 200 OK");
    expect(calls).toEqual(['ListBooks {"pageSize":5}']);
  });

  it("M12: an absolute target is the URL that the handler sees", async () => {
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

  it("M12: HTTP/1.0 without a Host is served", async () => {
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

  it("D5: raw bytes beyond ASCII in the target are 400", async () => {
    const answer = await sendRaw(
      served,
      "GET /v1/files/\xe4 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    );
    expect(head(answer)).toBe("HTTP/1.1 400 Bad Request");
  });

  it("M10: the target * has no route", async () => {
    const answer = await sendRaw(served, "GET * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    expect(head(answer)).toBe("HTTP/1.1 404 Not Found");
  });

  it("N8: a connection goes on after an error", async () => {
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

describe("HTTP/2 alone", () => {
  it("C3: an upload that is refused is told to stop", async () => {
    const session = connect(`http://127.0.0.1:${served.port["HTTP/2"]}`);
    const stream = session.request({ ":method": "POST", ":path": "/v1/everything" });
    const closed = once(stream, "close");
    stream.resume().write(" ".repeat(limit + 1));
    await closed;
    expect(stream.rstCode).toBe(http2Constants.NGHTTP2_NO_ERROR);
    session.destroy();
  });
});

describe("createTranscodingHandler", () => {
  const key = createContextKey("nothing");

  it("P3: a gate sees the path before the body is read, and refuses", async () => {
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

  it("P3: interceptors run around the call, the first outermost, and may set headers", async () => {
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
  ])("E4: what %s throws is a failure, and an answer", async (_, options) => {
    const own = await serve({}, options as never);
    const answer = await send(own, "HTTP/1.1", { path: bookPath });
    expect([answer.status, errorOf(answer).message]).toEqual([500, "the server failed"]);
    expect(own.failures).toEqual([new Error("secret")]);
    await own.close();
  });

  function fail(): never {
    throw new Error("secret");
  }

  it("C5: a server that shuts down aborts the signals of its calls", async () => {
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

  it("J2: an option skips unknown fields of bodies", async () => {
    const own = await serve({ Echo: (request) => request }, { ignoreUnknownFields: true });
    const sent = { path: "/v1/everything", body: { bogus: { a: 1 }, kind: 1 } };
    expect((await send(own, "HTTP/1.1", sent)).text).toBe('{"kind":"NOVEL"}');
    await own.close();
  });

  it("M11: the longest target is an option", async () => {
    const own = await serve({}, { maxTargetLength: 20 });
    expect((await send(own, "HTTP/1.1", { path: `/v1/files/${"a".repeat(10)}` })).status).toBe(200);
    expect((await send(own, "HTTP/1.1", { path: `/v1/files/${"a".repeat(11)}` })).status).toBe(414);
    await own.close();
  });

  it("T17: refuses two methods on one route when it is created", () => {
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

  it("S1: a method of a service without an implementation is 501", async () => {
    const own = await serve({}, { routes: (router) => router.service(library, {}) });
    const answer = await send(own, "HTTP/1.1", { path: bookPath });
    expect([answer.status, errorOf(answer).status]).toEqual([501, "UNIMPLEMENTED"]);
    await own.close();
  });
});
