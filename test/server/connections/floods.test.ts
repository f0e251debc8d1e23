import { connect as connectHttp2 } from "node:http2";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  encodeFrame,
  encodeRequest,
  type FrameClient,
  type FrameInit,
  frameFlags,
  frameTypes,
  goawayCode,
  http2Preface,
  openFrameClient,
  resetCode,
  uint32,
} from "../../support/http/http2-frames.ts";
import { openSocket } from "../../support/http/raw-socket.ts";
import { startTestListener, type TestListener } from "../../support/test-listener.ts";

const types = frameTypes;
const { ack, endStream, endHeaders } = frameFlags;
const protocolError = 1;
/** What some versions of Node send instead of a more exact code. */
const internalError = 2;
const cancel = 8;
const enhanceYourCalm = 11;

const request = (stream: number): FrameInit => ({
  type: types.headers,
  flags: endStream | endHeaders,
  stream,
  payload: encodeRequest(),
});
const opened = (stream: number): FrameInit => ({ ...request(stream), flags: endHeaders });
const reset = (stream: number): FrameInit => ({ type: types.rstStream, stream, payload: uint32(cancel) });
const ping: FrameInit = { type: types.ping, payload: Buffer.alloc(8) };

const answered = (client: FrameClient, stream: number) =>
  client.received((frame) => frame.type === types.headers && frame.stream === stream);

/** Numbers of the first streams of a client. */
const streams = (count: number, first = 1) => Array.from({ length: count }, (_, index) => first + 2 * index);

let listener: TestListener;
let console_: ReturnType<typeof vi.spyOn>[];
beforeEach(async () => {
  console_ = [vi.spyOn(process.stderr, "write"), vi.spyOn(process.stdout, "write")];
  listener = await startTestListener({ maxConcurrentStreams: 100 });
});
afterEach(async () => {
  // The process and all other connections go on, and nothing is written.
  const session = connectHttp2(listener.url);
  const stream = session.request({ ":path": "/" });
  await new Promise((resolve, reject) => stream.on("response", resolve).on("error", reject));
  session.close();
  await listener.hasConnections(0);
  await listener[Symbol.asyncDispose]();
  const written = console_.map((spy) => spy.mock.calls.length);
  vi.restoreAllMocks();
  expect(written).toEqual([0, 0]);
});

describe("a client that resets streams", () => {
  it("a client that only resets streams is disconnected with ENHANCE_YOUR_CALM", async () => {
    using client = await openFrameClient(listener.port);
    client.send(...streams(2_000).flatMap((stream) => [request(stream), reset(stream)]));
    expect(goawayCode(await client.closed())).toBe(enhanceYourCalm);
    expect(listener.rejected).toEqual(["resets"]);
  });

  it("a client that makes the server reset its streams is disconnected", async () => {
    using client = await openFrameClient(listener.port);
    const one = (stream: number): FrameInit[] => [
      opened(stream),
      { type: types.windowUpdate, stream, payload: uint32(0) },
    ];
    client.send(...streams(2_000).flatMap(one));
    await client.closed();
    expect(listener.rejected).toHaveLength(1);
  });

  it("a client that cancels all its calls at once stays connected", async () => {
    using client = await openFrameClient(listener.port);
    for (let round = 0; round < 2; round += 1) {
      const calls = streams(100, 1 + 200 * round);
      client.send(...calls.map(opened));
      await client.settled();
      client.send(...calls.map(reset));
      await client.settled();
    }
    client.send(request(1_001));
    await answered(client, 1_001);
    expect(listener.rejected).toEqual([]);
  });

  it("a client that cancels no more calls than are answered stays connected", async () => {
    using client = await openFrameClient(listener.port);
    for (let round = 0; round < 20; round += 1) {
      const calls = streams(50, 1 + 200 * round);
      const cancelled = streams(50, 101 + 200 * round);
      client.send(...calls.map(request), ...cancelled.flatMap((stream) => [opened(stream), reset(stream)]));
      await answered(client, calls.at(-1) ?? 0);
      await client.settled();
    }
    expect(listener.rejected).toEqual([]);
  });
});

describe("a client that sends control frames", () => {
  it.each([
    ["PING", ping],
    ["SETTINGS", { type: types.settings }],
  ])("a client that sends only %s is disconnected with ENHANCE_YOUR_CALM", async (_, frame) => {
    using client = await openFrameClient(listener.port);
    client.send(...Array.from({ length: 3_000 }, () => frame));
    expect(goawayCode(await client.closed())).toBe(enhanceYourCalm);
    expect(listener.rejected).toEqual(["control_frames"]);
  });

  it("a client that sends a PING with each call, as gRPC clients that measure bandwidth do, stays connected", async () => {
    using client = await openFrameClient(listener.port);
    for (let round = 0; round < 30; round += 1) {
      const calls = streams(50, 1 + 100 * round);
      client.send(...calls.flatMap((stream) => [request(stream), ping]));
      await answered(client, calls.at(-1) ?? 0);
      await client.settled();
    }
    expect(listener.rejected).toEqual([]);
  });
});

describe("a client that floods with frames", () => {
  it.each<[string, FrameInit[]]>([
    ["PRIORITY", [{ type: types.priority, stream: 1, payload: Buffer.from([0, 0, 0, 3, 9]) }]],
    ["unknown frame types", [{ type: 0x55 }]],
    ["DATA without a byte", [{ type: types.data, stream: 1 }]],
    ["WINDOW_UPDATE of closed streams", [{ type: types.windowUpdate, stream: 3, payload: uint32(1) }]],
  ])(
    "a flood of frames without effect causes no response and no call, and does not disturb other clients: %s",
    async (_, frames) => {
      using client = await openFrameClient(listener.port);
      client.send(opened(1), request(3));
      await answered(client, 3);
      const flood = Buffer.concat(frames.map(encodeFrame));
      const many = Buffer.concat(Array.from({ length: 50_000 }, () => flood));
      const before = client.frames().length;
      client.send(many);
      await Promise.race([client.settled().catch(() => {}), client.closed()]);
      expect(client.frames().length - before).toBeLessThanOrEqual(3);
    },
  );

  it.each([
    ["without a path", Buffer.alloc(0)],
    ["with upper-case names", encodeRequest({ "X-Upper": "a" })],
  ])("a client that keeps sending invalid headers is disconnected: %s", async (_, payload) => {
    using client = await openFrameClient(listener.port);
    client.send(...streams(3_000).map((stream) => ({ ...request(stream), payload })));
    expect(goawayCode(await client.closed())).toBeGreaterThan(0);
    expect(listener.rejected).toHaveLength(1);
  });
});

describe("a malformed frame", () => {
  const connectionError = [
    ["DATA on stream 0", { type: types.data, payload: Buffer.from("x") }, protocolError],
    ["DATA on a stream that was not opened", { type: types.data, stream: 5, payload: Buffer.from("x") }, 1],
    ["HEADERS on stream 0", { ...request(0) }, protocolError],
    ["HEADERS on a stream of the server", request(2), protocolError],
    ["HEADERS with invalid HPACK", { ...request(1), payload: Buffer.alloc(6, 0xff) }, 9],
    ["a frame that is too large", { type: types.data, stream: 1, length: 2 ** 24 - 1 }, 6],
    ["a PING of seven bytes", { type: types.ping, payload: Buffer.alloc(7) }, 6],
    ["a SETTINGS of five bytes", { type: types.settings, payload: Buffer.alloc(5) }, 6],
    [
      "a SETTINGS with an invalid value",
      { type: types.settings, payload: Buffer.from([0, 4, 255, 255, 255, 255]) },
      3,
    ],
    ["a SETTINGS on a stream", { type: types.settings, stream: 1 }, protocolError],
    ["an ACK of SETTINGS with content", { type: types.settings, flags: ack, payload: Buffer.alloc(6) }, 6],
    ["a window that overflows", { type: types.windowUpdate, payload: uint32(2 ** 31 - 1) }, 3],
    ["a window that does not grow", { type: types.windowUpdate, payload: uint32(0) }, protocolError],
    ["RST_STREAM on stream 0", reset(0), protocolError],
    ["RST_STREAM on a stream that was not opened", reset(7), protocolError],
    ["CONTINUATION after nothing", { type: types.continuation, stream: 1, payload: encodeRequest() }, 1],
    [
      "PUSH_PROMISE of a client",
      { type: types.pushPromise, flags: endHeaders, stream: 1, payload: uint32(2) },
      1,
    ],
    ["a GOAWAY of three bytes", { type: types.goaway, payload: Buffer.alloc(3) }, 6],
    [
      "bytes that are not a frame",
      { type: 0xee, flags: 0xee, stream: 0xeeeeee, payload: Buffer.alloc(9), length: 0xeeeeee },
      6,
    ],
  ] as const satisfies [string, FrameInit, number][];

  it.each(connectionError)(
    "a malformed frame ends its connection with GOAWAY: %s",
    async (_, frame, code) => {
      using client = await openFrameClient(listener.port);
      client.send(frame);
      expect([code, internalError]).toContain(goawayCode(await client.closed()));
      expect(listener.rejected).toEqual(["protocol"]);
    },
  );

  it("a malformed frame ends its connection with GOAWAY while a call waits for its response", async () => {
    const called = Promise.withResolvers<void>();
    await using waiting = await startTestListener({}, { onRequest: () => called.resolve() });
    using client = await openFrameClient(waiting.port);
    client.send(request(1));
    await called.promise;
    client.send({ type: types.ping, payload: Buffer.alloc(7) });
    expect(goawayCode(await client.closed())).toBe(6);
    expect(waiting.rejected).toEqual(["protocol"]);
    await waiting.hasConnections(0);
  });

  it.each<[string, FrameInit[]]>([
    ["a header without a path", [{ ...request(1), payload: Buffer.alloc(0) }]],
    [
      "Connection, which HTTP/2 does not have",
      [{ ...request(1), payload: encodeRequest({ connection: "close" }) }],
    ],
  ])("an invalid request resets only its stream: %s", async (_, frames) => {
    using client = await openFrameClient(listener.port);
    client.send(...frames, request(3));
    await answered(client, 3);
    await client.settled();
    expect(resetCode(client.frames(), 1)).toBe(protocolError);
    expect(listener.rejected).toEqual([]);
  });

  it("DATA beyond Content-Length ends its connection with GOAWAY", async () => {
    using client = await openFrameClient(listener.port);
    client.send(
      { ...opened(1), payload: encodeRequest({ "content-length": "1" }) },
      { type: types.data, flags: endStream, stream: 1, payload: Buffer.from("two") },
    );
    expect(goawayCode(await client.closed())).toBeGreaterThan(0);
    expect(listener.rejected).toEqual(["protocol"]);
  });

  it("a connection that ends within a frame, at any length, leaves nothing open", async () => {
    const bytes = Buffer.concat([
      http2Preface,
      encodeFrame({ type: types.settings, payload: Buffer.from([0, 3, 0, 0, 0, 1]) }),
      encodeFrame(opened(1)),
      encodeFrame({ type: types.data, stream: 1, payload: Buffer.from("body") }),
    ]);
    const cuts = Array.from({ length: bytes.length }, (_, length) => bytes.subarray(0, length));
    await Promise.all(
      cuts.map(async (cut) => {
        const socket = await openSocket(listener.port);
        await new Promise<void>((resolve) => socket.socket.end(cut, resolve));
        socket.destroy();
      }),
    );
    await listener.hasConnections(0);
    expect(listener.connections()).toBe(0);
  });
});

describe("malformed HTTP/1.1", () => {
  const post = "POST / HTTP/1.1\r\nhost: localhost\r\n";

  it("malformed HTTP/1.1 within a body is answered with 400", async () => {
    const socket = await openSocket(listener.port);
    socket.write(`${post}transfer-encoding: chunked\r\n\r\nno number\r\n`);
    expect(await socket.closed()).toMatch(/^HTTP\/1\.1 400 /);
    expect(listener.rejected).toEqual(["protocol"]);
  });

  it("HTTP/1.1 chunks with very long extensions are answered with 413", async () => {
    const socket = await openSocket(listener.port);
    socket.write(`${post}transfer-encoding: chunked\r\n\r\n1;${"x".repeat(20_000)}\r\na\r\n0\r\n\r\n`);
    expect(await socket.closed()).toMatch(/^HTTP\/1\.1 413 /);
  });

  it("malformed HTTP/1.1 after a request does not disturb its response, and ends the connection", async () => {
    const socket = await openSocket(listener.port);
    socket.write(`${post}content-length: 4\r\n\r\nbodygarbage\r\n\r\n`);
    const said = await socket.closed();
    expect(said).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*Connection: close[\s\S]*\r\n\r\nbody$/);
    expect(listener.rejected).toEqual(["protocol"]);
  });

  it.each(["resetAndDestroy", "end"] as const)(
    "a connection that its client ends within a request is not counted as rejected: %s",
    async (leave) => {
      const socket = await openSocket(listener.port);
      socket.write(`${post}content-length: 4\r\n\r\nb`);
      await listener.hasConnections(1);
      socket.socket[leave]();
      await listener.hasConnections(0);
      expect(listener.rejected).toEqual([]);
    },
  );
});
