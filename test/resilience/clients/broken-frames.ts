import type { Random } from "../../fuzz/random.ts";
import {
  encodeFrame,
  frameFlags,
  frameTypes,
  http2Preface,
  uint32,
} from "../../support/http/http2-frames.ts";
import { headerBlock, requestFrames, settingsFrame } from "./http2-requests.ts";

/** All that a client sends on one connection, and what is wrong with it. */
export type BrokenConnection = { readonly faults: readonly string[]; readonly bytes: Buffer };

const health = "/grpc.health.v1.Health/Check";
const types = Object.values(frameTypes);

function bytesOf(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}

/** Streams of a client are odd; these are some that are right, and some that are not. */
const streams = [0, 1, 2, 3, 5, 7, 1001, 0x7fffffff, 0x80000001, 0xffffffff];

/** Each way to break a connection, by its name. */
const ways: Readonly<Record<string, (random: Random) => Buffer>> = {
  "an unknown type": (random) =>
    encodeFrame({
      type: 10 + random.below(246),
      flags: random.below(256),
      stream: random.pick(streams),
      payload: bytesOf(random, random.below(64)),
    }),
  "a random frame": (random) =>
    encodeFrame({
      type: random.pick(types),
      flags: random.below(256),
      stream: random.pick(streams),
      payload: bytesOf(random, random.below(64)),
    }),
  "a length that is not that of the payload": (random) =>
    encodeFrame({
      type: random.pick(types),
      stream: random.pick(streams),
      payload: bytesOf(random, random.below(32)),
      length: random.pick([0, 1, 5, 64, 16_384, 16_385, 0xffffff]),
    }),
  "no frames": (random) => bytesOf(random, 1 + random.below(200)),
  "HPACK that is none": (random) =>
    encodeFrame({
      type: frameTypes.headers,
      flags: frameFlags.endHeaders | frameFlags.endStream,
      stream: 1 + 2 * random.below(50),
      payload: bytesOf(random, 1 + random.below(100)),
    }),
  "an index that no table has": (random) =>
    encodeFrame({
      type: frameTypes.headers,
      flags: frameFlags.endHeaders | frameFlags.endStream,
      stream: 1,
      payload: Buffer.of(0xff, 0x80 | random.below(128), 0x7f),
    }),
  "a dynamic table beyond the limit": () =>
    encodeFrame({
      type: frameTypes.headers,
      flags: frameFlags.endHeaders,
      stream: 1,
      payload: Buffer.of(0x3f, 0xff, 0xff, 0xff, 0x07),
    }),
  "pseudo-headers that contradict": (random) =>
    encodeFrame({
      type: frameTypes.headers,
      flags: frameFlags.endHeaders | frameFlags.endStream,
      stream: 1,
      payload: headerBlock(
        random.pick([
          { ":method": "GET", ":path": "", ":scheme": "http" },
          { "x-first": "1", ":method": "GET", ":path": "/", ":scheme": "http" },
          { ":method": "GET", ":status": "200", ":path": "/", ":scheme": "http" },
          { ":method": "POST", ":path": health, ":scheme": "http", Connection: "close", "UPPER-CASE": "1" },
          { ":method": "POST", ":path": health, ":scheme": "http", "transfer-encoding": "chunked" },
          { ":method": "POST", ":path": health, ":scheme": "http", "content-length": "7" },
          { ":method": "CONNECT", ":authority": "localhost" },
          { ":method": "A\u0000B", ":path": "/\r\n", ":scheme": "http" },
        ] as Record<string, string>[]),
      ),
    }),
  "a stream that is not a client's": (random) =>
    requestFrames(random.pick([0, 2, 4, 0x7ffffffe]), health, { body: "{}" }),
  "streams that go back": () =>
    Buffer.concat([requestFrames(9, health, { body: "{}" }), requestFrames(3, health, { body: "{}" })]),
  "a stream that is used again": () =>
    Buffer.concat([requestFrames(1, health, { body: "{}" }), requestFrames(1, health, { body: "{}" })]),
  "CONTINUATION without HEADERS": (random) =>
    encodeFrame({ type: frameTypes.continuation, flags: random.pick([0, frameFlags.endHeaders]), stream: 1 }),
  "something between HEADERS and CONTINUATION": (random) =>
    Buffer.concat([
      encodeFrame({ type: frameTypes.headers, stream: 1, payload: headerBlock({ ":method": "GET" }) }),
      encodeFrame({ type: random.pick([0, 3, 4, 6, 8]), stream: 0, payload: bytesOf(random, 8) }),
    ]),
  "HEADERS that never end": (random) =>
    Buffer.concat([
      encodeFrame({ type: frameTypes.headers, stream: 1, payload: headerBlock({ ":method": "GET" }) }),
      ...Array.from({ length: random.below(20) }, () =>
        encodeFrame({
          type: frameTypes.continuation,
          stream: 1,
          payload: headerBlock({ "x-more": "y".repeat(100) }),
        }),
      ),
    ]),
  "padding that is longer than the frame": () =>
    encodeFrame({
      type: frameTypes.data,
      flags: frameFlags.padded,
      stream: 1,
      payload: Buffer.of(200, 1, 2, 3),
    }),
  "DATA on no stream": (random) =>
    encodeFrame({ type: frameTypes.data, stream: random.pick([0, 1, 99]), payload: bytesOf(random, 20) }),
  "a window that overflows": (random) => {
    const stream = random.pick([0, 1]);
    const grow = encodeFrame({ type: frameTypes.windowUpdate, stream, payload: uint32(0x7fffffff) });
    return Buffer.concat([requestFrames(1, health, {}), grow, grow]);
  },
  "a window that grows by nothing": (random) =>
    encodeFrame({ type: frameTypes.windowUpdate, stream: random.pick([0, 1]), payload: uint32(0) }),
  "SETTINGS that are out of range": (random) =>
    settingsFrame([
      random.pick([
        [2, 2],
        [4, 0xffffffff],
        [5, 1],
        [5, 0xffffffff],
        [8, 3],
      ]),
    ]),
  "SETTINGS of half a value": (random) =>
    encodeFrame({ type: frameTypes.settings, payload: bytesOf(random, 1 + random.below(5)) }),
  "SETTINGS on a stream, or an ACK with a payload": (random) =>
    encodeFrame({
      type: frameTypes.settings,
      flags: random.pick([0, frameFlags.ack]),
      stream: random.pick([0, 1]),
      payload: Buffer.alloc(6),
    }),
  "PING of a wrong size": (random) =>
    encodeFrame({ type: frameTypes.ping, payload: bytesOf(random, random.pick([0, 7, 9, 100])) }),
  "a reset of no stream": (random) =>
    encodeFrame({ type: frameTypes.rstStream, stream: random.pick([0, 1, 8]), payload: bytesOf(random, 4) }),
  "a push by a client": () =>
    encodeFrame({
      type: frameTypes.pushPromise,
      flags: frameFlags.endHeaders,
      stream: 1,
      payload: Buffer.alloc(4),
    }),
  "a stream that depends on itself": () =>
    encodeFrame({ type: frameTypes.priority, stream: 1, payload: Buffer.concat([uint32(1), Buffer.of(16)]) }),
  "GOAWAY, and then a request": (random) =>
    Buffer.concat([
      encodeFrame({ type: frameTypes.goaway, payload: bytesOf(random, random.pick([0, 8, 40])) }),
      requestFrames(1, health, { body: "{}" }),
    ]),
  "a request that is cut off": (random) => {
    const whole = requestFrames(1, health, { body: "{}" });
    return whole.subarray(0, random.below(whole.length));
  },
};

/** Names of all ways to break a connection. */
export const waysToBreak: readonly string[] = Object.keys(ways);

/** Returns what one client sends: mostly a right beginning, then up to six faults. The same for the same numbers. */
export function brokenConnection(random: Random): BrokenConnection {
  const start = random.below(10);
  const begin = start === 0 ? http2Preface.subarray(0, random.below(http2Preface.length)) : http2Preface;
  const settings = start === 1 ? Buffer.alloc(0) : settingsFrame();
  const faults = Array.from({ length: 1 + random.below(6) }, () => random.pick(waysToBreak));
  const broken = faults.map((fault) => ways[fault]?.(random) ?? Buffer.alloc(0));
  return { faults, bytes: Buffer.concat([begin, settings, ...broken]) };
}
