import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:http2";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import {
  create,
  createRegistry,
  type DescMessage,
  type Message,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createTranscodingHandler } from "../../../src/transcoding/server/handler.ts";
import type { TranscodingOptions } from "../../../src/transcoding/server/options.ts";
import {
  errorOf,
  type Protocol,
  protocols,
  type Sent,
  type Served,
  send,
  sendRaw,
  serve,
} from "../fixtures/serving.ts";
import { bookDesc, shelf } from "../fixtures/shelf.ts";

type Fields = Record<string, unknown>;
type Implementation = (input: Message & Fields, context: HandlerContext) => unknown;

/** Implementations of the methods, which tests replace. */
let methods: Record<string, Implementation>;

function serveShelf(options: Partial<TranscodingOptions> = {}): Promise<Served> {
  return serve(
    {},
    {
      routes(router) {
        for (const method of shelf.methods) {
          const call = (input: never, context: HandlerContext) =>
            methods[method.name]?.(input, context) ?? create(method.output);
          router.rpc(method, call as never);
        }
      },
      registry: createRegistry(bookDesc),
      cors: { origins: ["https://ui.example"], exposedHeaders: ["x-count"] },
      ...options,
    },
  );
}

/** Requests a stream and disconnects when its first piece has arrived. */
async function leaveAfterFirst(served: Served, protocol: Protocol, path: string): Promise<void> {
  const port = served.port[protocol];
  if (protocol === "HTTP/1.1") {
    const sending = request({ port, path, agent: false });
    sending.end();
    const [response] = await once(sending, "response");
    await once(response, "data");
    sending.destroy();
    return;
  }
  const session = connect(`http://127.0.0.1:${port}`);
  const stream = session.request({ ":path": path });
  await once(stream, "data");
  stream.close();
  await once(stream, "close");
  session.destroy();
}

async function* books(count: number): AsyncGenerator<MessageInitShape<DescMessage>> {
  for (let pages = 1; pages <= count; pages++) {
    yield { title: `Book ${pages}`, pages, genre: 1 } as never;
  }
}

beforeEach(() => {
  methods = {};
});

describe.each(protocols)("%s", (protocol) => {
  let served: Served;
  beforeAll(async () => {
    served = await serveShelf();
  });
  afterAll(() => served.close());
  const ask = (sent: Sent) => send(served, protocol, sent);

  describe("streams", () => {
    it("writes a stream as a JSON array", async () => {
      methods = { WatchBooks: (input) => books(input.count as number) };
      const answer = await ask({ path: "/v1/books:watch?count=3" });
      expect(answer.status).toBe(200);
      expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
      expect(JSON.parse(answer.text).map(({ title }: { title: string }) => title)).toEqual([
        "Book 1",
        "Book 2",
        "Book 3",
      ]);
    });

    it.each([
      ["application/x-ndjson", true],
      ["application/jsonl, application/json;q=0.5", true],
      ["application/json, application/x-ndjson;q=0.5", false],
      ["*/*", false],
    ])("chooses lines over an array for Accept: %s: %s", async (accept, lines) => {
      methods = { WatchBooks: () => books(2) };
      const answer = await ask({ path: "/v1/books:watch", headers: { accept } });
      expect(answer.text.split("\n").length).toBe(lines ? 3 : 1);
      expect(answer.headers["content-type"]).toContain(lines ? "application/x-ndjson" : "application/json");
    });

    it("answers 406 when Accept excludes all formats of a stream", async () => {
      expect((await ask({ path: "/v1/books:watch", headers: { accept: "text/html" } })).status).toBe(406);
    });

    it("writes an empty stream as []", async () => {
      methods = { WatchBooks: () => books(0) };
      expect(await ask({ path: "/v1/books:watch" })).toMatchObject({ status: 200, text: "[]" });
    });

    it("responds with the HTTP status of an error before the first message of a stream", async () => {
      methods = {
        // biome-ignore lint/correctness/useYield: it fails before it would
        WatchBooks: async function* () {
          throw new ConnectError("no such shelf", Code.NotFound);
        },
      };
      const answer = await ask({ path: "/v1/books:watch" });
      expect([answer.status, errorOf(answer).message]).toEqual([404, "no such shelf"]);
    });

    it("stops a stream when the client disconnects", async () => {
      const stopped = Promise.withResolvers<void>();
      methods = {
        WatchBooks: async function* () {
          try {
            for (;;) {
              yield* books(1_000);
            }
          } finally {
            stopped.resolve();
          }
        },
      };
      await leaveAfterFirst(served, protocol, "/v1/books:watch");
      await expect(stopped.promise).resolves.toBeUndefined();
    });
  });

  describe("google.api.HttpBody", () => {
    it("responds with the bytes and content type of an HttpBody, whatever Accept contains", async () => {
      methods = { Download: () => ({ contentType: "text/css", data: Buffer.from("a{}") }) };
      const answer = await ask({ path: "/v1/files/a.css", headers: { accept: "text/css" } });
      expect(answer).toMatchObject({ status: 200, text: "a{}" });
      expect(answer.headers["content-type"]).toBe("text/css");
    });

    it("responds to an HttpBody without content type as application/octet-stream", async () => {
      methods = { Download: () => ({ data: Buffer.from("x") }) };
      const answer = await ask({ path: "/v1/files/a" });
      expect(answer.headers["content-type"]).toBe("application/octet-stream");
    });

    it("writes a stream of HttpBody as the concatenation of their bytes", async () => {
      methods = {
        DownloadParts: async function* () {
          yield { contentType: "text/plain", data: Buffer.from("one ") };
          yield { data: Buffer.from("two") };
        },
      };
      const answer = await ask({ path: "/v1/files/a/parts" });
      expect([answer.text, answer.headers["content-type"]]).toEqual(["one two", "text/plain"]);
    });

    it("reads an HttpBody request of any content type without parsing it", async () => {
      let seen: Fields = {};
      methods = {
        Upload: (input) => {
          seen = input;
          return {};
        },
      };
      const body = Buffer.from([0, 255, 128, 1]);
      const answer = await ask({ path: "/v1/files/a", headers: { "content-type": "image/png" }, body });
      expect(answer.status).toBe(200);
      expect(seen).toMatchObject({ name: "a", content: { contentType: "image/png" } });
      expect(Buffer.from((seen.content as { data: Uint8Array }).data)).toEqual(body);
    });
  });

  describe("response_body", () => {
    it("responds with the field that response_body names", async () => {
      methods = {
        ListTitles: () => ({ titles: ["a", "b"], best: { title: "x" } }),
        GetBest: () => ({ best: { title: "x" } }),
      };
      expect((await ask({ path: "/v1/titles" })).text).toBe('["a","b"]');
      expect((await ask({ path: "/v1/best" })).text).toBe('{"title":"x"}');
    });

    it("responds with an empty value if the field of response_body is empty", async () => {
      expect((await ask({ path: "/v1/titles" })).text).toBe("[]");
      expect((await ask({ path: "/v1/best" })).text).toBe("{}");
    });

    it("createTranscodingHandler rejects a response_body that is not a field", () => {
      const rules = [
        { selector: "shelf.v1.Shelf.GetBest", pattern: { case: "get", value: "/b" }, responseBody: "x" },
      ];
      expect(() =>
        createTranscodingHandler({ routes: (router) => router.service(shelf, {}), rules: rules as never }),
      ).toThrow(/response_body "x"/);
    });
  });

  describe("system parameters", () => {
    beforeEach(() => {
      const author = { name: "Ann", land: "AT" };
      const book = { title: "T", pages: 7, genre: 1, authors: [author, { ...author, name: "Bob" }] };
      methods = { Anything: () => book, ListTitles: () => ({ titles: ["a"] }), WatchBooks: () => books(1) };
    });
    const bookOf = async (query: string) => JSON.parse((await ask({ path: `/v1/anything?${query}` })).text);

    it.each([
      ["$fields=title,pages", { title: "T", pages: 7 }],
      ["fields=authors/name", { authors: [{ name: "Ann" }, { name: "Bob" }] }],
      ["%24fields=authors.land", { authors: [{ land: "AT" }, { land: "AT" }] }],
      ["$fields=title,authors(name)", { title: "T", authors: [{ name: "Ann" }, { name: "Bob" }] }],
      [
        "$fields=authors/name,authors/land,authors/name",
        {
          authors: [
            { name: "Ann", land: "AT" },
            { name: "Bob", land: "AT" },
          ],
        },
      ],
    ])("responds with the selected fields for %s", async (query, expected) => {
      expect(await bookOf(query)).toEqual(expected);
    });

    it.each(["$fields=*", "$fields=", "$fields=title,*", "quotaUser=x&$.xgafv=2"])(
      "responds with all fields for %s",
      async (query) => {
        expect(Object.keys(await bookOf(query))).toEqual(["title", "pages", "genre", "authors"]);
      },
    );

    it.each(["$fields=bogus", "$fields=title/x", "$fields=authors(name", "$fields=title)", "$fields=,"])(
      "answers 400 and names the parameter for %s",
      async (query) => {
        const answer = await ask({ path: `/v1/anything?${query}` });
        expect(answer.status).toBe(400);
        expect(errorOf(answer).message).toMatch(/^\$fields /);
      },
    );

    it("writes enums as numbers for enum-encoding=int", async () => {
      expect((await bookOf("$alt=json%3Benum-encoding%3Dint")).genre).toBe(1);
      expect((await bookOf("alt=json;enum-encoding=int")).genre).toBe(1);
      expect((await bookOf("$alt=json")).genre).toBe("NOVEL");
      expect((await bookOf("$alt=json%3Benum-encoding=string")).genre).toBe("NOVEL");
    });

    it("obeys names with escapes, in upper and lower case", async () => {
      const book = await bookOf("%24%66%69elds=g%65nre&a%6ct=json%3benum-encoding%3dint");
      expect(book).toEqual({ genre: 1 });
    });

    it("answers OPTIONS without reading the query", async () => {
      const answer = await ask({ method: "OPTIONS", path: "/v1/best?$alt=xml&$alt=xml" });
      expect(answer.status).toBe(204);
    });

    it("indents the response for prettyPrint", async () => {
      expect((await ask({ path: "/v1/anything?$prettyPrint=true" })).text).toContain('{\n  "title": "T"');
      expect((await ask({ path: "/v1/anything?prettyPrint=false" })).text).toContain('{"title":"T"');
    });

    // google-gax sends 0 for its option minifyJson; clients generated from a Discovery document send true and false.
    it.each([
      ["$prettyPrint=0", false],
      ["$prettyPrint=1", true],
      ["$prettyPrint=true", true],
      ["prettyPrint=false", false],
      ["prettyPrint=0", false],
      ["prettyPrint=1", true],
      ["%24prettyPrint=%30", false],
      ["$prettyPrint=0&$alt=json%3Benum-encoding=int", false],
      ["&$alt=json%3Benum-encoding=int&$prettyPrint=0", false],
      ["alt=json&prettyPrint=1", true],
    ])("reads the values of Google's clients: %s", async (query, isIndented) => {
      const { status, text } = await ask({ path: `/v1/anything?${query}` });
      expect([status, text.includes("\n")]).toEqual([200, isIndented]);
    });

    it("applies system parameters to the messages of a stream", async () => {
      expect((await ask({ path: "/v1/books:watch?$fields=pages" })).text).toBe('[{"pages":1}]');
    });

    it.each([
      "alt=xml",
      "%24%61lt=xml",
      "%24%61lt=%78ml",
      "a%6Ct=proto",
      "$alt",
      "alt=",
      "$alt=JSON",
      "$alt=foo",
      "$alt=json%3Benum-encoding=INT",
      "$alt=json;x=y",
      "$alt=json+",
      "$alt=json;enum-encoding=int;enum-encoding=string",
      "fi%65lds=nope",
      "%24fields=n%6fpe",
      "$fields",
      "$prettyPrint=maybe",
      "$prettyPrint=",
      "$prettyPrint=2",
      "$prettyPrint=00",
      "$prettyPrint=TRUE",
      "$prettyPrint=0&prettyPrint=0",
      "pretty%50rint=maybe",
      "prettyPrint",
      "callback=f",
      "c%61llback=f",
      "$callback=f",
      "$.xgafv=3",
      "$alt=json&alt=json",
      "key=a&$key=a",
      "$unknown=1",
      "$%zz=1",
      "quotaUser=%zz",
    ])("answers 400 to the query %s", async (query) => {
      expect((await ask({ path: `/v1/anything?${query}` })).status).toBe(400);
    });
  });

  describe("compression", () => {
    const long = "x".repeat(5_000);
    beforeEach(() => {
      methods = { Anything: () => ({ title: long }) };
    });
    const bytesOf = async (headers: Record<string, string>) => {
      const url = `http://127.0.0.1:${served.port["HTTP/1.1"]}/v1/anything`;
      const sending = request(url, { agent: false, headers });
      sending.end();
      const [response] = await once(sending, "response");
      const chunks: Buffer[] = [];
      for await (const chunk of response) {
        chunks.push(chunk);
      }
      return { headers: response.headers, bytes: Buffer.concat(chunks) };
    };

    it.each([
      ["gzip", gunzipSync],
      ["br", brotliDecompressSync],
      ["gzip;q=0.5, br;q=0.1", gunzipSync],
    ])("compresses the response for Accept-Encoding: %s", async (accepted, decompress) => {
      const { headers, bytes } = await bytesOf({ "accept-encoding": accepted });
      expect(JSON.parse(decompress(bytes).toString())).toEqual({ title: long });
      expect(headers["content-length"]).toBe(String(bytes.length));
      expect(headers.vary).toContain("accept-encoding");
    });

    it.each(["identity", "gzip;q=0", "deflate", "identity, gzip;q=0.5", "*;q=0"])(
      "does not compress the response for Accept-Encoding: %s",
      async (accepted) => {
        const { headers, bytes } = await bytesOf({ "accept-encoding": accepted });
        expect(headers["content-encoding"]).toBeUndefined();
        expect(bytes.toString()).toContain(long);
      },
    );

    it("does not compress a short response", async () => {
      methods = { Anything: () => ({ title: "x" }) };
      expect((await bytesOf({ "accept-encoding": "gzip" })).headers["content-encoding"]).toBeUndefined();
    });
  });

  describe("deadlines", () => {
    it.each([
      ["x-server-timeout", "0.05"],
      ["grpc-timeout", "50m"],
      ["connect-timeout-ms", "50"],
    ])("answers 504 and aborts the signal when the deadline passes: %s: %s", async (name, value) => {
      const aborted = Promise.withResolvers<unknown>();
      methods = {
        Anything: (_, context) => {
          context.signal.addEventListener("abort", () => aborted.resolve(context.signal.reason));
          expect(context.timeoutMs()).toBeLessThanOrEqual(50);
          return new Promise(() => undefined);
        },
      };
      const answer = await ask({ path: "/v1/anything", headers: { [name]: value } });
      expect([answer.status, errorOf(answer).status]).toEqual([504, "DEADLINE_EXCEEDED"]);
      expect(await aborted.promise).toMatchObject({ code: Code.DeadlineExceeded });
    });

    it.each([
      { "x-server-timeout": "0.0" },
      { "grpc-timeout": "0n" },
      { "x-server-timeout": "20", "connect-timeout-ms": "0" },
    ])("answers 504 to a timeout of zero without calling the method: %o", async (headers) => {
      let calls = 0;
      methods = {
        Anything: () => {
          calls += 1;
          return {};
        },
      };
      const answer = await ask({ path: "/v1/anything", headers });
      expect([answer.status, errorOf(answer).status, calls]).toEqual([504, "DEADLINE_EXCEEDED", 0]);
    });

    it("keeps the deadline of a call when the system clock changes", async () => {
      methods = {
        Anything: (_, context) => {
          vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 86_400_000 });
          try {
            return { title: `${context.signal.aborted} ${Number(context.timeoutMs()) > 0}` };
          } finally {
            vi.useRealTimers();
          }
        },
      };
      const answer = await ask({ path: "/v1/anything", headers: { "x-server-timeout": "20" } });
      expect(JSON.parse(answer.text)).toEqual({ title: "false true" });
    });

    it.each([
      ["x-server-timeout", "soon"],
      ["grpc-timeout", "5"],
      ["connect-timeout-ms", "-1"],
    ])("answers 400 to an invalid timeout: %s: %s", async (name, value) => {
      expect((await ask({ path: "/v1/anything", headers: { [name]: value } })).status).toBe(400);
    });

    it.each([
      ["x-server-timeout", "20"],
      ["x-server-timeout", "999999999"],
      ["grpc-timeout", "99999999H"],
    ])("responds to a call that ends before its deadline: %s: %s", async (name, value) => {
      methods = {
        Anything: async () => {
          await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
          return { title: "x" };
        },
      };
      expect((await ask({ path: "/v1/anything", headers: { [name]: value } })).status).toBe(200);
    });
  });

  describe("OPTIONS and CORS", () => {
    it("responds to OPTIONS with the HTTP methods of the path", async () => {
      const answer = await ask({ method: "OPTIONS", path: "/v1/files/a" });
      expect([answer.status, answer.headers.allow]).toEqual([204, "GET, HEAD, OPTIONS, POST"]);
      expect((await ask({ method: "OPTIONS", path: "/nowhere" })).status).toBe(404);
    });

    const preflight = (origin: string, path = "/v1/files/a") =>
      ask({
        method: "OPTIONS",
        path,
        headers: {
          origin,
          "access-control-request-method": "POST",
          "access-control-request-headers": "authorization",
        },
      });

    it("allows a preflight of an allowed origin the HTTP methods of the path", async () => {
      const answer = await preflight("https://ui.example");
      expect(answer.headers).toMatchObject({
        "access-control-allow-origin": "https://ui.example",
        "access-control-allow-methods": "GET, HEAD, POST",
        "access-control-allow-headers": "authorization",
      });
      expect(answer.headers.vary).toContain("origin");
    });

    it("does not call a method with the kind * for a preflight", async () => {
      methods = { Anything: () => expect.unreachable() };
      expect((await preflight("https://ui.example", "/v1/anything")).headers).toMatchObject({
        "access-control-allow-methods": "POST",
      });
    });

    it("sends no CORS headers to other origins", async () => {
      const answer = await preflight("https://evil.example");
      expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    });

    it("sends CORS headers with responses and errors to an allowed origin", async () => {
      for (const path of ["/v1/titles", "/nowhere"]) {
        const { headers } = await ask({ path, headers: { origin: "https://ui.example" } });
        expect(headers).toMatchObject({
          "access-control-allow-origin": "https://ui.example",
          "access-control-expose-headers": "x-count",
        });
      }
    });

    it("createTranscodingHandler rejects credentials for every origin", () => {
      expect(() =>
        createTranscodingHandler({ routes: () => undefined, cors: { origins: "*", credentials: true } }),
      ).toThrow(/credentials/);
    });
  });

  it("accepts types of the registry, and no others, in an Any", async () => {
    methods = { Wrap: (input) => input };
    const content = { "@type": "type.googleapis.com/shelf.v1.Book", title: "T" };
    expect(JSON.parse((await ask({ path: "/v1/envelopes", body: { content } })).text)).toEqual({ content });
    const unknown = { content: { ...content, "@type": "type.googleapis.com/shelf.v1.Nothing" } };
    expect((await ask({ path: "/v1/envelopes", body: unknown })).status).toBe(400);
  });
});

describe("the option rules", () => {
  const rule = { selector: "shelf.v1.Shelf.Anything", pattern: { case: "get", value: "/other" } };

  it("serves a method by a given rule instead of its annotation", async () => {
    methods = { Anything: () => ({ title: "T" }) };
    const served = await serveShelf({ rules: [rule as never] });
    try {
      expect((await send(served, "HTTP/1.1", { path: "/other" })).status).toBe(200);
      expect((await send(served, "HTTP/1.1", { path: "/v1/anything" })).status).toBe(404);
    } finally {
      await served.close();
    }
  });

  it("createTranscodingHandler rejects a rule for an unknown method", async () => {
    const stray = { ...rule, selector: "shelf.v1.Shelf.Nothing" };
    await expect(serveShelf({ rules: [stray as never] })).rejects.toThrow(/shelf.v1.Shelf.Nothing/);
  });
});

it("answers 408 and closes the connection if the body does not arrive", async () => {
  const served = await serveShelf({ bodyTimeoutMs: 50 });
  try {
    const head =
      "POST /v1/envelopes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
    const answer = await sendRaw(served, head);
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect(answer).toContain("within 50 ms");
  } finally {
    await served.close();
  }
});
