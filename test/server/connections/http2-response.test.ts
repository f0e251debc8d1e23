import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from "node:http2";
import { afterEach, describe, expect, it } from "vitest";
import type { Http2StreamResponse } from "../../../src/server/connections/http2-response.ts";
import {
  encodeRequest,
  frameFlags,
  frameTypes,
  openFrameClient,
  uint32,
} from "../../support/http/http2-frames.ts";
import { startTestListener, type TestListener } from "../../support/test-listener.ts";

type Response = Http2StreamResponse & ServerResponse;

let listener: TestListener | undefined;
let session: ClientHttp2Session | undefined;
afterEach(async () => {
  session?.destroy();
  session = undefined;
  await listener?.[Symbol.asyncDispose]();
});

/** Starts a listener whose requests are answered by a function. Requests of the path `/next` get 200. */
async function answerWith(answer: (response: Response) => void): Promise<TestListener> {
  listener = await startTestListener(
    {},
    {
      onRequest(request, response) {
        if (request.url === "/next") {
          response.end();
        } else {
          answer(response as Response);
        }
      },
    },
  );
  return listener;
}

/** The frames of a response to a request without a body: type, whether it ends the stream, and length of DATA. */
async function framesOf(answer: (response: Response) => void, method = "GET"): Promise<string[]> {
  const { port } = await answerWith(answer);
  using client = await openFrameClient(port);
  const flags = frameFlags.endHeaders | frameFlags.endStream;
  client.send({ type: frameTypes.headers, flags, stream: 1, payload: encodeRequest({}, method) });
  const isLast = (frame: { flags: number; type: number; stream: number }) =>
    frame.stream === 1 &&
    (frame.type === frameTypes.rstStream || (frame.flags & frameFlags.endStream) === frameFlags.endStream);
  await client.received(isLast);
  await client.settled();
  return client
    .frames()
    .filter(({ stream }) => stream === 1)
    .map(({ type, flags, payload }) => {
      const name = Object.entries(frameTypes).find(([, each]) => each === type)?.[0];
      const length = type === frameTypes.data ? ` ${payload.length}` : "";
      return `${name}${length}${(flags & frameFlags.endStream) === 0 ? "" : " end"}`;
    });
}

type Received = { headers: IncomingHttpHeaders; trailers: IncomingHttpHeaders; text: string };

/** What Node's client receives. Rejects if the stream is reset. */
async function receive(answer: (response: Response) => void, method = "GET"): Promise<Received> {
  const { url } = await answerWith(answer);
  session = connect(url);
  const stream = session.request({ ":method": method });
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  let text = "";
  stream.on("response", (fields) => {
    headers = fields;
  });
  stream.on("trailers", (fields) => {
    trailers = fields;
  });
  stream.on("data", (chunk) => {
    text += chunk;
  });
  await once(stream, "close");
  return { headers, trailers, text };
}

/** Whether the connection still serves requests. */
async function servesNext(): Promise<number | undefined> {
  const stream = session?.request({ ":path": "/next" });
  const [headers] = stream === undefined ? [] : await once(stream, "response");
  return headers?.[":status"];
}

function withTrailers(response: Response): void {
  response.addTrailers({ "x-a": "1" });
  response.end();
}

function inPieces(response: Response): void {
  response.write("one");
  response.end("two");
}

function flushed(response: Response): void {
  response.flushHeaders();
  response.end("text");
}

/** Values of fields that have one, which Node does not send. */
const twoValues = { etag: ["1", "2"] } as object as Record<string, string>;

describe("a response over HTTP/2", () => {
  it.each<[string, string, (response: Response) => void]>([
    ["a gRPC status in the header", "POST", (response) => response.setHeader("grpc-status", 5).end()],
    ["writeHead and no body", "GET", (response) => response.writeHead(404, { "x-a": "1" }).end()],
    ["204", "GET", (response) => response.writeHead(204).end()],
    ["204 with a body that is dropped", "GET", (response) => response.writeHead(204).end("dropped")],
    ["304 with a body that is dropped", "GET", (response) => response.writeHead(304).end("dropped")],
    ["HEAD with a body that is dropped", "HEAD", (response) => response.end("dropped")],
    ["HEAD with trailers", "HEAD", withTrailers],
    ["HEAD with pieces that are dropped", "HEAD", inPieces],
    ["HEAD with a flushed header", "HEAD", flushed],
    ["an empty text", "GET", (response) => response.end("")],
  ])("is one frame that ends the stream: %s", async (_, method, answer) => {
    expect(await framesOf(answer, method)).toEqual(["headers end"]);
  });

  it("is two frames with a body of one piece, of which the second ends the stream", async () => {
    expect(await framesOf((response) => response.writeHead(200).end("text"))).toEqual([
      "headers",
      "data 4 end",
    ]);
  });

  it("ends with trailers, with a body or without", async () => {
    const answer = (body: string) => (response: Response) => {
      response.addTrailers({ "grpc-status": "0" });
      response.end(body);
    };
    expect(await framesOf(answer("text"))).toEqual(["headers", "data 4", "headers end"]);
    await listener?.[Symbol.asyncDispose]();
    expect(await framesOf(answer(""))).toEqual(["headers", "headers end"]);
  });

  it("may have trailers that are set after the body has begun", async () => {
    const { text, trailers } = await receive((response) => {
      response.write("one ");
      response.write("two");
      response.addTrailers({ "Grpc-Status": "7" });
      response.end();
    });
    expect({ text, ...trailers }).toMatchObject({ text: "one two", "grpc-status": "7" });
  });

  it("ends without trailers if none were set after the body has begun", async () => {
    expect(
      await framesOf((response) => {
        response.write("text");
        response.end();
      }),
    ).toEqual(["headers", "data 4", "data 0 end"]);
  });

  it("sends its header with the first piece, or before it when it is flushed", async () => {
    const begun = Promise.withResolvers<Response>();
    const { url } = await answerWith(begun.resolve);
    session = connect(url);
    const stream = session.request();
    const response = await begun.promise;
    response.writeHead(200, { "x-a": "1" });
    expect([response.headersSent, response.stream.headersSent]).toEqual([true, false]);
    response.flushHeaders();
    const [headers] = await once(stream, "response");
    expect(headers).toMatchObject({ ":status": 200, "x-a": "1" });
    response.end("text");
    const [chunk] = await once(stream, "data");
    expect(String(chunk)).toBe("text");
  });
});

describe("the header of a response over HTTP/2", () => {
  it("has the fields of writeHead instead of those set before, with names in lower case", async () => {
    const { headers } = await receive((response) => {
      response.setHeader("X-Kept", "a").setHeader("X-Replaced", "a");
      response.appendHeader("X-More", "1");
      response.appendHeader("x-more", ["2", "3"]);
      response.writeHead(201, { "X-REPLACED": "b", "content-length": 4 }).end("text");
    });
    expect(headers).toMatchObject({
      ":status": 201,
      "x-kept": "a",
      "x-replaced": "b",
      "x-more": "1, 2, 3",
      "content-length": "4",
    });
  });

  it("has each of several values in a field of its own, from an object or a list", async () => {
    const cookies = ["a=1", "b=2"];
    const byObject = await receive((response) => response.writeHead(200, { "set-cookie": cookies }).end());
    expect(byObject.headers["set-cookie"]).toEqual(cookies);
    const { headers } = await receive((response) => {
      response.setHeader("set-cookie", "replaced=1");
      const fields = ["Set-Cookie", cookies, "x-a", "1", "x-a", "2", "set-cookie", "c=3"];
      response.writeHead(200, fields).end();
    });
    expect(headers).toMatchObject({ "set-cookie": [...cookies, "c=3"], "x-a": "1, 2" });
  });

  it("has no field that is about a connection", async () => {
    const names = ["connection", "Keep-Alive", "proxy-connection", "transfer-encoding", "upgrade"];
    const { headers, trailers } = await receive((response) => {
      for (const name of names) {
        response.setHeader(name, "close");
      }
      response.addTrailers({ connection: "close", "x-a": "1" });
      response.writeHead(200, Object.fromEntries(names.map((name) => [name, "close"]))).end("text");
    });
    expect(Object.keys(headers)).toEqual([":status", "date"]);
    expect(Object.entries(trailers)).toEqual([["x-a", "1"]]);
  });

  it("can be read back, and names that objects have are no fields", async () => {
    await receive((response) => {
      response.setHeader("X-A", "1");
      response.setHeader("constructor", "2");
      expect(response.getHeader("x-A")).toBe("1");
      expect([response.hasHeader("x-a"), response.hasHeader("tostring")]).toEqual([true, false]);
      expect([response.getHeader("toString"), response.getHeader("constructor")]).toEqual([undefined, "2"]);
      response.writeHead(200, { "x-b": "3" });
      // Nothing has been sent, so the emulator can still take a field away.
      response.removeHeader("X-B");
      expect(response.getHeaders()).toEqual({ "x-a": "1", constructor: "2" });
      response.end();
    }).then(({ headers }) => expect(headers.constructor).toBe("2"));
  });

  it.each<[string, (response: Response) => void]>([
    ["a line break in a value", (response) => response.setHeader("x-a", "1\r\nx-b: 2")],
    ["a character above Latin-1", (response) => response.setHeader("x-a", "\u{1f4f1}")],
    ["a zero byte in one of several values", (response) => response.writeHead(200, { "x-a": ["1", "\0"] })],
    ["no value", (response) => response.writeHead(200, ["x-a"])],
    ["a name with a blank", (response) => response.writeHead(200, { "x a": "1" })],
    ["a name of the protocol", (response) => response.setHeader(":path", "/")],
    ["two values of a field that has one", (response) => response.writeHead(200, twoValues).end()],
    ["a status that is none", (response) => response.writeHead(42).end("text")],
  ])("cannot have %s: it throws, and another answer can follow", async (_, set) => {
    const { headers, text } = await receive((response) => {
      expect(() => set(response)).toThrow();
      expect([response.headersSent, response.writableEnded]).toEqual([false, false]);
      response.writeHead(500, { "x-ok": "1" }).end("failed");
    });
    expect([headers[":status"], headers["x-a"], headers["x-ok"], text]).toEqual([
      500,
      undefined,
      "1",
      "failed",
    ]);
  });

  it("cannot change once it has been sent", async () => {
    const { text } = await receive((response) => {
      response.write("text");
      expect(() => response.setHeader("x-a", "1")).toThrow("has been sent");
      expect(() => response.appendHeader("x-a", "1")).toThrow("has been sent");
      expect(() => response.writeHead(500)).toThrow("has been sent");
      response.end();
    });
    expect(text).toBe("text");
  });

  it("may be followed by trailers that cannot be sent: the stream is reset, and the connection serves the next request", async () => {
    const answered = receive((response) => {
      response.addTrailers(twoValues);
      response.end("text");
    });
    await expect(answered).rejects.toThrow("NGHTTP2_INTERNAL_ERROR");
    expect(await servesNext()).toBe(200);
  });
});

describe("a client that is slow or gone", () => {
  it("makes write return false, and drain tells when it has read", async () => {
    const begun = Promise.withResolvers<Response>();
    const { port } = await answerWith(begun.resolve);
    using client = await openFrameClient(port);
    const flags = frameFlags.endHeaders | frameFlags.endStream;
    client.send({ type: frameTypes.headers, flags, stream: 1, payload: encodeRequest({}, "GET") });
    const response = await begun.promise;
    const piece = Buffer.alloc(32_768);
    // The window of the client has 65,535 bytes.
    let pieces = 1;
    while (response.write(piece)) {
      pieces += 1;
    }
    expect(pieces).toBeLessThan(8);
    const drained = once(response.stream, "drain");
    let drains = 0;
    response.once("drain", () => {
      drains += 1;
    });
    const more = uint32(2 ** 24);
    client.send(
      { type: frameTypes.windowUpdate, payload: more },
      { type: frameTypes.windowUpdate, stream: 1, payload: more },
    );
    await drained;
    expect(drains).toBe(1);
    expect(response.end().writableEnded).toBe(true);
    await client.received(
      ({ flags, type }) => type === frameTypes.data && (flags & frameFlags.endStream) !== 0,
    );
    const bytes = client
      .frames()
      .reduce((sum, { type, payload }) => sum + (type === 0 ? payload.length : 0), 0);
    expect(bytes).toBe(pieces * piece.length);
  });

  it("is sent nothing more after a reset, and nothing throws", async () => {
    const begun = Promise.withResolvers<Response>();
    const { url } = await answerWith(begun.resolve);
    session = connect(url);
    const stream = session.request();
    stream.on("error", () => undefined);
    const response = await begun.promise;
    response.write("begun");
    await once(stream, "data");
    const closed = new Promise<void>((resolve) => response.once("close", resolve));
    stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    await closed;
    const written = new Promise((resolve) => response.write("more", resolve));
    expect(await written).toBeInstanceOf(Error);
    expect(response.write("more", "utf8")).toBe(false);
    expect(response.writeHead(500)).toBe(response);
    response.flushHeaders();
    response.writeContinue();
    response.addTrailers({ "grpc-status": "0" });
    const ended = new Promise<void>((resolve) => response.end("end", "utf8", resolve));
    await ended;
    // What did not reach the client was not answered.
    expect([response.writableEnded, response.destroyed]).toEqual([false, true]);
    expect(response.stream.rstCode).toBe(constants.NGHTTP2_INTERNAL_ERROR);
    expect(await servesNext()).toBe(200);
  });

  it("is sent nothing more after the end, and nothing throws", async () => {
    const callbacks: unknown[] = [];
    const { text } = await receive((response) => {
      response.end("text");
      response.end("again", "utf8", () => callbacks.push("ended"));
      expect(response.write("more", (error) => callbacks.push(error?.message))).toBe(false);
      expect([response.writableEnded, response.writableFinished]).toEqual([true, false]);
    });
    expect(text).toBe("text");
    expect(callbacks).toEqual(["ended", expect.stringContaining("has ended")]);
  });
});
