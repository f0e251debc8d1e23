import { connect } from "node:http2";
import { create, type Message } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  encodeRequest,
  type Frame,
  frameFlags,
  frameTypes,
  openFrameClient,
  resetCode,
} from "../../support/http/http2-frames.ts";
import { openSocket } from "../../support/http/raw-socket.ts";
import { errorOf, protocols, type Sent, type Served, send, serve } from "../fixtures/serving.ts";
import { shelf } from "../fixtures/shelf.ts";

type Implementation = (input: Message & Record<string, unknown>, context: HandlerContext) => unknown;

const path = "/v1/books:watch";
const internalError = 2;

/** Implementations of the methods, which tests replace. */
let methods: Record<string, Implementation>;
let errors: ConnectError[];
let shutdown: AbortController;
let served: Served;
beforeEach(async () => {
  methods = {};
  errors = [];
  shutdown = new AbortController();
  served = await serve(
    {},
    {
      routes(router) {
        for (const method of shelf.methods) {
          const call = (input: never, context: HandlerContext) =>
            methods[method.name]?.(input, context) ?? create(method.output);
          router.rpc(method, call as never);
        }
      },
      shutdownSignal: shutdown.signal,
      onError: (error) => errors.push(error),
    },
  );
});
afterEach(() => served.close());

/** Yields books, then throws. */
async function* failing(count: number, cause: unknown, title = "Book"): AsyncGenerator<object> {
  for (let pages = 1; pages <= count; pages++) {
    yield { title, pages };
  }
  throw cause;
}

const lost = new ConnectError("the shelf fell", Code.DataLoss);
const book = { title: "Book", pages: 1 };

/** The messages of a stream that was cut, in a format. */
const formats = [
  ["a JSON array", "application/json", (text: string) => JSON.parse(`${text}]`)],
  [
    "lines",
    "application/x-ndjson",
    (text: string) =>
      text
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
  ],
] as const;

describe.each(protocols)("%s", (protocol) => {
  const ask = (sent: Sent) => send(served, protocol, sent);

  describe.each(formats)("a stream as %s", (_, accept, messagesOf) => {
    const watch = (headers: Record<string, string> = {}) => ask({ path, headers: { accept, ...headers } });

    it("is cut behind the error when it fails after its first message", async () => {
      methods = { WatchBooks: () => failing(2, lost) };
      const answer = await watch();
      expect(answer).toMatchObject({ status: 200, isCut: true });
      const [first, second, last, ...more] = messagesOf(answer.text);
      expect([first, second, more]).toEqual([book, { ...book, pages: 2 }, []]);
      expect(last.error).toMatchObject({
        code: 500,
        status: "DATA_LOSS",
        message: "the shelf fell",
        details: [{ reason: "DATA_LOSS" }],
      });
      expect(errors.map(({ code }) => code)).toEqual([Code.DataLoss]);
    });

    it("is cut behind the error for a caller that accepts compression", async () => {
      methods = { WatchBooks: () => failing(1, lost, "x".repeat(5_000)) };
      const answer = await watch({ "accept-encoding": "gzip, br" });
      expect(answer.isCut).toBe(true);
      expect(answer.headers["content-encoding"]).toBeUndefined();
      expect(messagesOf(answer.text)[1].error.status).toBe("DATA_LOSS");
    });

    it.each([
      ["an Error", new Error("secret")],
      ["a ConnectError with the code INTERNAL", new ConnectError("secret", Code.Internal)],
      ["a string", "secret"],
      ["null", null],
    ])("hides the cause when its implementation throws %s", async (_, cause) => {
      methods = { WatchBooks: () => failing(1, cause) };
      const answer = await watch();
      expect(answer.isCut).toBe(true);
      expect(messagesOf(answer.text)[1].error).toMatchObject({
        status: "INTERNAL",
        message: "the server failed",
      });
      expect(answer.text).not.toContain("secret");
      expect(served.failures).toEqual([cause]);
    });

    it("is cut when a message cannot be written", async () => {
      methods = {
        WatchBooks: async function* () {
          yield book;
          yield { title: "Book", pages: "many" };
        },
      };
      const answer = await watch();
      expect(answer.isCut).toBe(true);
      expect(messagesOf(answer.text)[1].error.status).toBe("INTERNAL");
      expect(served.failures).toHaveLength(1);
    });

    it.each([
      ["waits on", (signal: AbortSignal) => new Promise(() => signal)],
      [
        "returns when its signal is aborted",
        (signal: AbortSignal) => new Promise((resolve) => signal.addEventListener("abort", resolve)),
      ],
      [
        "throws when its signal is aborted",
        (signal: AbortSignal) =>
          new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
      ],
    ])("is cut when the deadline passes and its implementation %s", async (_, wait) => {
      methods = {
        WatchBooks: async function* (_, { signal }) {
          yield book;
          await wait(signal);
        },
      };
      const answer = await watch({ "x-server-timeout": "0.2" });
      expect(answer.isCut).toBe(true);
      expect(messagesOf(answer.text)[1].error.status).toBe("DEADLINE_EXCEEDED");
      expect(errors.map(({ code }) => code)).toEqual([Code.DeadlineExceeded]);
    });

    it("is cut when the server stops and its implementation throws the reason", async () => {
      methods = {
        WatchBooks: async function* (_, { signal }) {
          yield book;
          queueMicrotask(() => shutdown.abort(new ConnectError("the server stops", Code.Unavailable)));
          await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
        },
      };
      const answer = await watch();
      expect(answer.isCut).toBe(true);
      expect(messagesOf(answer.text)[1].error).toMatchObject({ code: 503, status: "UNAVAILABLE" });
    });

    it("reaches a slow caller completely before it is cut", async () => {
      const title = "ä".repeat(50_000);
      methods = { WatchBooks: () => failing(60, lost, title) };
      const answer = await watch();
      expect(answer.isCut).toBe(true);
      const messages = messagesOf(answer.text);
      expect(messages).toHaveLength(61);
      expect(messages[60].error.status).toBe("DATA_LOSS");
    });

    it("is complete when it does not fail", async () => {
      methods = {
        WatchBooks: async function* () {
          yield book;
        },
      };
      const answer = await watch();
      expect(answer.isCut).toBe(false);
    });

    it("is answered with the HTTP status, complete, when it fails before its first message", async () => {
      methods = { WatchBooks: () => failing(0, lost) };
      const answer = await watch();
      expect(answer).toMatchObject({ status: 500, isCut: false });
      expect(errorOf(answer).status).toBe("DATA_LOSS");
    });
  });

  it("a stream whose headers cannot be sent is answered with 500", async () => {
    methods = {
      WatchBooks: async function* (_, { responseHeader }) {
        vi.spyOn(responseHeader, "forEach").mockImplementation((act) =>
          act("", "not a name", responseHeader),
        );
        yield book;
      },
    };
    expect(await ask({ path })).toMatchObject({ status: 500, isCut: false });
    expect(served.failures).toHaveLength(1);
  });

  it("a stream of raw bytes is cut behind its bytes when it fails", async () => {
    const data = Buffer.alloc(300_000, "a");
    methods = {
      DownloadParts: async function* () {
        yield { contentType: "text/plain", data };
        yield { data: Buffer.from("b") };
        throw lost;
      },
    };
    const answer = await ask({ path: "/v1/files/a/parts" });
    expect(answer).toMatchObject({ status: 200, isCut: true });
    expect(answer.text).toBe(`${data}b`);
    expect(errors.map(({ code }) => code)).toEqual([Code.DataLoss]);
  });

  it("a stream that its caller does not read is aborted at its deadline, and cut when the caller reads", async () => {
    const aborted = Promise.withResolvers<void>();
    methods = {
      WatchBooks: async function* (_, { signal }) {
        signal.addEventListener("abort", () => aborted.resolve());
        for (;;) {
          yield { title: "x".repeat(100_000) };
        }
      },
    };
    const answer = await ask({ path, headers: { "x-server-timeout": "0.3" }, readWhen: aborted.promise });
    expect(answer.isCut).toBe(true);
    expect(JSON.parse(`${answer.text}]`).at(-1).error.status).toBe("DEADLINE_EXCEEDED");
  });

  it("HEAD gets the header of a stream, which stops after its first message", async () => {
    const stopped = Promise.withResolvers<void>();
    methods = {
      WatchBooks: async function* () {
        try {
          for (;;) {
            yield book;
          }
        } finally {
          stopped.resolve();
        }
      },
    };
    const answer = await ask({ method: "HEAD", path });
    expect(answer).toMatchObject({ status: 200, isCut: false, text: "" });
    expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
    await stopped.promise;
  });

  it.each([
    ["the status of an error before the first message", () => failing(0, lost), 500],
    ["200 for an error after the first message", () => failing(1, lost), 200],
    ["200 for an empty stream", async function* () {}, 200],
  ])("HEAD gets %s", async (_, implementation, status) => {
    methods = { WatchBooks: implementation };
    expect(await ask({ method: "HEAD", path })).toMatchObject({ status, isCut: false, text: "" });
  });
});

describe("the wire of a stream that fails", () => {
  it("over HTTP/1.1 has no last chunk, and the connection ends", async () => {
    methods = { WatchBooks: () => failing(1, lost) };
    const { write, closed } = await openSocket(served.port["HTTP/1.1"]);
    write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
    const text = await closed();
    expect(text).toMatch(/transfer-encoding: chunked/i);
    expect(text).toMatch(/"status":"DATA_LOSS".*\}\}\r\n$/s);
    expect(text).not.toContain("]}}]");
  });

  it("over HTTP/1.1 a pipelined request before it is answered, and one behind it is not", async () => {
    methods = {
      ListTitles: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        return { titles: ["before"] };
      },
      WatchBooks: () => failing(1, lost),
      GetBest: () => ({ best: { title: "behind" } }),
    };
    const { write, closed } = await openSocket(served.port["HTTP/1.1"]);
    const requests = ["/v1/titles", path, "/v1/best"].map(
      (each) => `GET ${each} HTTP/1.1\r\nhost: x\r\n\r\n`,
    );
    write(requests.join(""));
    const text = await closed();
    expect(text).toContain('["before"]');
    expect(text).toMatch(/"status":"DATA_LOSS".*\}\}\r\n$/s);
    expect(text).not.toContain("behind");
  });

  it.each([
    ["a JSON array", path, /\r\n\r\n\[\{.*"status":"DATA_LOSS".*\}\}$/s],
    ["raw bytes", "/v1/files/a/parts", /\r\n\r\nabc$/],
  ])(
    "over HTTP/1.0, whose bodies end with their connection, %s ends with a reset",
    async (_, target, text) => {
      methods = {
        WatchBooks: () => failing(1, lost),
        DownloadParts: async function* () {
          yield { data: Buffer.from("abc") };
          throw lost;
        },
      };
      const { socket, write, closed } = await openSocket(served.port["HTTP/1.1"]);
      const failed = new Promise<Error>((resolve) => socket.once("error", resolve));
      write(`GET ${target} HTTP/1.0\r\n\r\n`);
      expect(await closed()).toMatch(text);
      expect(await failed).toMatchObject({ code: "ECONNRESET" });
    },
  );

  it.each([
    ["a JSON array", path],
    ["raw bytes", "/v1/files/a/parts"],
  ])("over HTTP/2 %s ends with RST_STREAM INTERNAL_ERROR and without END_STREAM", async (_, target) => {
    methods = {
      WatchBooks: () => failing(1, lost),
      DownloadParts: async function* () {
        yield { data: Buffer.from("abc") };
        throw lost;
      },
    };
    using client = await openFrameClient(served.port["HTTP/2"]);
    client.send({
      type: frameTypes.headers,
      flags: frameFlags.endHeaders | frameFlags.endStream,
      stream: 1,
      payload: encodeRequest({ ":path": target }, "GET"),
    });
    const isReset = ({ type }: Frame) => type === frameTypes.rstStream;
    await client.received(isReset);
    await client.settled();
    const frames = client.frames().filter(({ stream }) => stream === 1);
    expect(resetCode(frames, 1)).toBe(internalError);
    expect(frames.at(-1)?.type).toBe(frameTypes.rstStream);
    expect(frames.filter(({ type, flags }) => type <= 1 && (flags & frameFlags.endStream) !== 0)).toEqual([]);
    const data = Buffer.concat(
      frames.filter(({ type }) => type === frameTypes.data).map(({ payload }) => payload),
    );
    expect(data.toString()).toMatch(target === path ? /"status":"DATA_LOSS".*\}\}$/s : /^abc$/);
  });

  it("over HTTP/2 leaves the other streams of the connection alone", async () => {
    const second = Promise.withResolvers<void>();
    methods = {
      WatchBooks: async function* ({ count }) {
        yield book;
        if (count === 1) {
          throw lost;
        }
        await second.promise;
        yield book;
      },
    };
    const session = connect(`http://127.0.0.1:${served.port["HTTP/2"]}`);
    const open = (target: string) => {
      const stream = session.request({ ":path": target });
      let text = "";
      stream.on("data", (chunk) => {
        text += chunk;
      });
      stream.on("error", () => {});
      return new Promise<[string, number]>((resolve) => {
        stream.on("close", () => resolve([text, stream.rstCode]));
      });
    };
    const other = open(path);
    const [, code] = await open(`${path}?count=1`);
    second.resolve();
    expect([code, await other]).toEqual([internalError, [JSON.stringify([book, book]), 0]]);
    session.destroy();
  });
});
