import { once } from "node:events";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { create, fromJson, type JsonValue, type Message, toJson } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createContextKey,
  createContextValues,
  type Interceptor,
} from "@connectrpc/connect";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { BadRequestSchema, ErrorInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import { createRestTransport, type RestTransportOptions } from "../../../src/transcoding/client/transport.ts";
import { library, methodOf } from "../fixtures/library.ts";
import { type Served, serve } from "../fixtures/serving.ts";

type CallOptions = { signal?: AbortSignal; timeoutMs?: number; header?: Record<string, string> };

async function call(
  options: RestTransportOptions,
  name: string,
  json: JsonValue,
  { signal, timeoutMs, header }: CallOptions = {},
) {
  const method = methodOf(name);
  const input = fromJson(method.input, json);
  const response = await createRestTransport(options).unary(method, signal, timeoutMs, header, input);
  return { json: toJson(method.output, response.message), header: response.header };
}

/** Returns the error of a call. */
async function failure(
  options: RestTransportOptions,
  name = "ListBooks",
  json: JsonValue = {},
  more?: CallOptions,
) {
  const error = await call(options, name, json, more).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof ConnectError)) {
    throw new Error(`the call ended with ${error}`);
  }
  return error;
}

describe("the REST transport against a transcoding handler", () => {
  let served: Served;
  let options: RestTransportOptions;
  let calls: string[];
  let respond: (request: Message, header: Headers) => Message | Record<string, unknown>;

  beforeAll(async () => {
    served = await serve(
      Object.fromEntries(
        library.methods.map((method) => [
          method.name,
          (request, context) => {
            calls.push(`${context.requestMethod} ${JSON.stringify(toJson(method.input, request))}`);
            context.responseHeader.set("x-answer", "a");
            return respond(request, context.requestHeader);
          },
        ]),
      ),
    );
    options = { baseUrl: `http://127.0.0.1:${served.port["HTTP/1.1"]}` };
  });
  afterAll(() => served.close());
  beforeEach(() => {
    calls = [];
    respond = () => ({});
  });

  it.each([
    ["GetBook", { name: "shelves/a b/books/ä" }, "GET"],
    ["ListBooks", { parent: "shelves/1", pageSize: 5 }, "GET"],
    ["ListBooks", { pageSize: 5, showLost: false }, "GET"],
    ["CreateBook", { parent: "shelves/1", book: { title: "a", parts: [{ count: 1 }] }, bookId: "b" }, "POST"],
    ["UpdateBook", { book: { name: "shelves/1/books/2", title: "a" }, updateMask: "title" }, "PATCH"],
    ["DeleteBook", { name: "shelves/1/books/2" }, "DELETE"],
    ["CancelLoan", { name: "shelves/1/books/2:cancel", reason: "a" }, "POST"],
    ["ListBooks", { filter: { pages: { from: 1, to: 0 }, words: ["a", "b&c=d"] } }, "GET"],
    ["TagBook", { name: "shelves/1/books/2", tags: ["a"] }, "POST"],
    ["GetFile", { rest: "a/b%2Fc/ +" }, "GET"],
    ["GetBook", { name: "shelves/\\/books/!'()*:%2e" }, "GET"],
    ["SearchBooks", { pageToken: "a+b c" }, "SEARCH"],
    ["Ping", {}, "GET"],
    [
      "Echo",
      { int64Value: "9007199254740993", bytesValue: "+/8=", labels: { a: "b" }, struct: { a: [] } },
      "POST",
    ],
  ])("the transport sends %s with %j", async (name, json, method) => {
    await call(options, name, json);
    expect(calls).toEqual([`${method} ${JSON.stringify(json)}`]);
  });

  it("the transport returns the message and the headers of the response", async () => {
    respond = (request) => request;
    const json = {
      kind: "ATLAS",
      optionalInt32: 0,
      time: "2026-01-31T08:00:00Z",
      longText: "9007199254740993",
    };
    const answer = await call(options, "Echo", json);
    expect([answer.json, answer.header.get("x-answer")]).toEqual([json, "a"]);
  });

  it("the transport sends the caller's headers, and a content type only with a body", async () => {
    const seen: (string | null)[] = [];
    respond = (_, header) => {
      seen.push(header.get("authorization"), header.get("content-type"));
      return {};
    };
    await call(options, "ListBooks", {}, { header: { authorization: "Bearer x" } });
    await call(options, "Echo", {});
    expect(seen).toEqual(["Bearer x", null, null, "application/json"]);
  });

  it("the transport raises the error of the server with its details", async () => {
    respond = () => {
      const error = new ConnectError("lost", Code.NotFound, { "x-shelf": "1" });
      const info = create(ErrorInfoSchema, { reason: "BOOK_LOST", domain: "shelf", metadata: { book: "1" } });
      error.details.push({ desc: ErrorInfoSchema, value: info });
      throw error;
    };
    const error = await failure(options, "GetBook", { name: "shelves/1/books/2" });
    expect([error.code, error.rawMessage, error.metadata.get("x-shelf")]).toEqual([
      Code.NotFound,
      "lost",
      "1",
    ]);
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([
      { reason: "BOOK_LOST", domain: "shelf", metadata: { book: "1" } },
    ]);
  });

  it("the transport raises the violations of a request that the server cannot read", async () => {
    // An unpaired surrogate: JSON can contain it, but the server rejects it.
    const method = methodOf("Echo");
    const input = Object.assign(create(method.input), { stringValue: "\ud800" });
    const transport = createRestTransport(options);
    const error = await transport
      .unary(method, undefined, undefined, undefined, input)
      .catch(ConnectError.from);
    expect(error).toMatchObject({ code: Code.InvalidArgument });
    expect((error as ConnectError).findDetails(BadRequestSchema)).toMatchObject([
      { fieldViolations: [{ field: "stringValue" }] },
    ]);
  });

  it.each([
    ["GetBook", { name: "shelves/1/books/.." }, /^name is part of the path and must not have/],
    ["GetBook", {}, /^name is part of the path and must not be empty$/],
    ["GetBook", { name: "shelves/1" }, /^name must have the form shelves\/\*\/books\/\*$/],
    ["ListBooks", { labels: { a: "b" } }, /^labels has arbitrary keys/],
  ])("the transport rejects for %s the message %j before it sends anything", async (name, json, message) => {
    const fetch = () => Promise.reject(new Error("sent"));
    const error = await failure({ ...options, fetch }, name, json);
    expect([error.code, message.test(error.rawMessage)]).toEqual([Code.InvalidArgument, true]);
  });

  it("the transport runs interceptors around the call, the first outermost, with context values", async () => {
    const key = createContextKey("default");
    const seen: string[] = [];
    const named =
      (name: string): Interceptor =>
      (next) =>
      (request) => {
        seen.push(`${name} ${request.method.name} ${request.contextValues.get(key)}`);
        request.header.set("authorization", name);
        return next(request);
      };
    const transport = createRestTransport({ ...options, interceptors: [named("a"), named("b")] });
    const method = methodOf("ListBooks");
    const values = createContextValues().set(key, "own");
    respond = (_, header) => ({ nextPageToken: header.get("authorization") });
    const { message } = await transport.unary(method, undefined, undefined, undefined, {}, values);
    await transport.unary(method, undefined, undefined, undefined, {});
    expect(seen).toEqual([
      "a ListBooks own",
      "b ListBooks own",
      "a ListBooks default",
      "b ListBooks default",
    ]);
    expect(toJson(method.output, message)).toEqual({ nextPageToken: "b" });
  });
});

describe("the REST transport against other servers", () => {
  const servers: { close(): void; closeAllConnections(): void }[] = [];
  let hits: string[];

  beforeEach(() => {
    hits = [];
  });
  afterEach(() => {
    vi.useRealTimers();
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  async function listen(handle: RequestListener): Promise<RestTransportOptions> {
    const server = createServer((request, response) => {
      hits.push(`${request.method} ${request.url}`);
      handle(request, response);
    }).listen(0, "127.0.0.1");
    servers.push(server);
    await once(server, "listening");
    return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  }

  const answer = (status: number, body: string, headers = {}) =>
    listen((_, response) => response.writeHead(status, headers).end(body));

  it.each([
    ["an HTML page", 502, "<html>Bad Gateway</html>", Code.Internal, "HTTP 502"],
    ["an empty body", 404, "", Code.NotFound, "HTTP 404"],
    ["an error without a status", 409, '{"error":{"message":"x"}}', Code.Aborted, "x"],
    [
      "a status name that differs from its HTTP status",
      500,
      '{"error":{"message":"x","status":"ABORTED"}}',
      Code.Aborted,
      "x",
    ],
    ["an error of OAuth", 401, '{"error":"invalid_token"}', Code.Unauthenticated, "HTTP 401"],
  ])("the transport raises the error of a response with %s", async (_, status, body, code, message) => {
    const error = await failure(await answer(status, body, { "x-request-id": "1" }));
    expect([error.code, error.rawMessage, error.metadata.get("x-request-id")]).toEqual([code, message, "1"]);
  });

  it("the transport skips unknown fields of a response", async () => {
    const options = await answer(200, '{"nextPageToken":"a","newField":{"x":1},"books":[{"newField":1}]}');
    expect((await call(options, "ListBooks", {})).json).toEqual({ nextPageToken: "a", books: [{}] });
  });

  it.each([
    ["not JSON", "<html>"],
    ["another type", '{"books":7}'],
    ["empty", ""],
  ])("the transport raises INTERNAL without quoting a response that is %s", async (_, body) => {
    const error = await failure(await answer(200, body));
    expect([error.code, error.rawMessage]).toEqual([
      Code.Internal,
      "the response is not a library.v1.ListBooksResponse",
    ]);
  });

  it("createRestTransport throws for a base URL that begins with neither http, https nor a slash", () => {
    for (const baseUrl of [
      "localhost:8080",
      "127.0.0.1:8080",
      "",
      "api",
      "grpc://localhost:8080",
      "http:x",
    ]) {
      expect(() => createRestTransport({ baseUrl })).toThrow(
        `baseUrl "${baseUrl}": must begin with https:// or http://`,
      );
    }
    for (const baseUrl of ["/api", "/", "HTTPS://localhost", "//cdn.example.com/api"]) {
      expect(() => createRestTransport({ baseUrl })).not.toThrow();
    }
  });

  it("the transport does not retry", async () => {
    const unavailable = await failure(await answer(503, "", { "retry-after": "0" }));
    expect([unavailable.code, hits]).toEqual([Code.Unavailable, ["GET /v1/books"]]);
    const cut = await failure(await listen((request) => request.socket.destroy()));
    expect([cut.code, hits]).toEqual([Code.Unavailable, ["GET /v1/books", "GET /v1/books"]]);
  });

  it("the transport does not follow redirects", async () => {
    const error = await failure(await answer(307, "", { location: "/elsewhere" }));
    expect([error.code, hits]).toEqual([Code.Unavailable, ["GET /v1/books"]]);
  });

  it("the transport raises UNAVAILABLE if the server cannot be reached", async () => {
    const { baseUrl } = await answer(200, "{}");
    servers.splice(0)[0]?.close();
    expect((await failure({ baseUrl })).code).toBe(Code.Unavailable);
  });

  it.each([
    ["", "/v1/books"],
    ["/", "/v1/books"],
    ["/prefix", "/prefix/v1/books"],
    ["/prefix//", "/prefix/v1/books"],
  ])("the transport puts the path %j of the base URL before each route", async (suffix, path) => {
    const { baseUrl } = await answer(200, "{}");
    await call({ baseUrl: baseUrl + suffix }, "ListBooks", {});
    expect(hits).toEqual([`GET ${path}`]);
  });

  it("the transport sends the path exactly as encoded", async () => {
    const options = await answer(200, "{}");
    await call(options, "GetFile", { rest: "a/%2e%2e/...\\/b:c" });
    await call(options, "GetBook", { name: "shelves/%2E/books/.%2e" });
    expect(hits).toEqual(["GET /v1/files/a/%252e%252e/...%5C/b%3Ac", "GET /v1/shelves/%252E/books/.%252e"]);
  });

  const hang = () => {
    const waiting = Promise.withResolvers<ServerResponse>();
    return { waiting: waiting.promise, options: listen((_, response) => waiting.resolve(response)) };
  };

  it("the transport raises DEADLINE_EXCEEDED for a call that takes too long and sends the timeout to the server", async () => {
    const { waiting, options } = hang();
    const own = await options;
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const failing = failure(own, "ListBooks", {}, { timeoutMs: 50 });
    const response = await waiting;
    vi.advanceTimersByTime(50);
    const error = await failing;
    expect([error.code, response.req.headers["x-server-timeout"]]).toEqual([Code.DeadlineExceeded, "0.05"]);
  });

  it("the transport raises DEADLINE_EXCEEDED for a call that takes longer than the default timeout", async () => {
    const { options } = hang();
    const error = await failure({ ...(await options), defaultTimeoutMs: 50 });
    expect(error.code).toBe(Code.DeadlineExceeded);
  });

  it("the transport raises CANCELLED for an aborted call and closes its connection", async () => {
    const { waiting, options } = hang();
    const controller = new AbortController();
    const failing = failure(await options, "ListBooks", {}, { signal: controller.signal });
    const response = await waiting;
    controller.abort();
    await once(response, "close");
    expect((await failing).code).toBe(Code.Canceled);
  });
});

it("the transport raises UNIMPLEMENTED for a method without a rule", async () => {
  const error = await failure({ baseUrl: "http://127.0.0.1" }, "Hidden");
  expect([error.code, error.rawMessage]).toEqual([
    Code.Unimplemented,
    "rpc library.v1.Library.Hidden has no google.api.http rule",
  ]);
});

it("the transport calls a method by a given rule instead of its annotation", async () => {
  const urls: string[] = [];
  const fetch = async (url: unknown) => {
    urls.push(String(url));
    return new Response("{}");
  };
  const rule = {
    selector: "library.v1.Library.Hidden",
    pattern: { case: "get", value: "/v2/hidden" },
  } as const;
  await call({ baseUrl: "http://a", fetch, rules: [rule] }, "Hidden", {});
  expect(urls).toEqual(["http://a/v2/hidden"]);
});
