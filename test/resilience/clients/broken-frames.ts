import type { Random } from "../../fuzz/random.ts";
import {
  encodeFrame,
  frameFlags,
  frameTypes,
  http2Preface,
  uint32,
} from "../../support/http/http2-frames.ts";
import { headerBlock, requestFrames, settingsFrame } from "./http2-requests.ts";

/** All bytes that a client sends on one connection, and the names of the violations in them. */
export type BrokenConnection = { readonly violations: readonly string[]; readonly bytes: Buffer };

const health = "/grpc.health.v1.Health/Check";
const types = Object.values(frameTypes);

function bytesOf(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}

/** Valid and invalid stream ids; those of a client are odd. */
const streams = [0, 1, 2, 3, 5, 7, 1001, 0x7fffffff, 0x80000001, 0xffffffff];

/** Frames that violate HTTP/2, by the name of the violation. */
const violations: Readonly<Record<string, (random: Random) => Buffer>> = {
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
  "a length other than that of the payload": (random) =>
    encodeFrame({
      type: random.pick(types),
      stream: random.pick(streams),
      payload: bytesOf(random, random.below(32)),
      length: random.pick([0, 1, 5, 64, 16_384, 16_385, 0xffffff]),
    }),
  "bytes that are not frames": (random) => bytesOf(random, 1 + random.below(200)),
  "invalid HPACK": (random) =>
    encodeFrame({
      type: frameTypes.headers,
      flags: frameFlags.endHeaders | frameFlags.endStream,
      stream: 1 + 2 * random.below(50),
      payload: bytesOf(random, 1 + random.below(100)),
    }),
  "an index outside of every table": (random) =>
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
  "contradictory pseudo-headers": (random) =>
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
  "a stream id that a client may not use": (random) =>
    requestFrames(random.pick([0, 2, 4, 0x7ffffffe]), health, { body: "{}" }),
  "decreasing stream ids": () =>
    Buffer.concat([requestFrames(9, health, { body: "{}" }), requestFrames(3, health, { body: "{}" })]),
  "a reused stream id": () =>
    Buffer.concat([requestFrames(1, health, { body: "{}" }), requestFrames(1, health, { body: "{}" })]),
  "CONTINUATION without HEADERS": (random) =>
    encodeFrame({ type: frameTypes.continuation, flags: random.pick([0, frameFlags.endHeaders]), stream: 1 }),
  "a frame between HEADERS and CONTINUATION": (random) =>
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
  "padding longer than the frame": () =>
    encodeFrame({
      type: frameTypes.data,
      flags: frameFlags.padded,
      stream: 1,
      payload: Buffer.of(200, 1, 2, 3),
    }),
  "DATA without a stream": (random) =>
    encodeFrame({ type: frameTypes.data, stream: random.pick([0, 1, 99]), payload: bytesOf(random, 20) }),
  "a window that overflows": (random) => {
    const stream = random.pick([0, 1]);
    const grow = encodeFrame({ type: frameTypes.windowUpdate, stream, payload: uint32(0x7fffffff) });
    return Buffer.concat([requestFrames(1, health, {}), grow, grow]);
  },
  "a window update of zero": (random) =>
    encodeFrame({ type: frameTypes.windowUpdate, stream: random.pick([0, 1]), payload: uint32(0) }),
  "SETTINGS out of range": (random) =>
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
  "PING of the wrong size": (random) =>
    encodeFrame({ type: frameTypes.ping, payload: bytesOf(random, random.pick([0, 7, 9, 100])) }),
  "a reset without a stream": (random) =>
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
  "a request after GOAWAY": (random) =>
    Buffer.concat([
      encodeFrame({ type: frameTypes.goaway, payload: bytesOf(random, random.pick([0, 8, 40])) }),
      requestFrames(1, health, { body: "{}" }),
    ]),
  "a request that is cut off": (random) => {
    const whole = requestFrames(1, health, { body: "{}" });
    return whole.subarray(0, random.below(whole.length));
  },
};

/** Names of all violations. */
export const violationNames: readonly string[] = Object.keys(violations);

/** Returns the bytes of one client: mostly a valid start, then one to six violations. Deterministic for a seed. */
export function brokenConnection(random: Random): BrokenConnection {
  const start = random.below(10);
  const begin = start === 0 ? http2Preface.subarray(0, random.below(http2Preface.length)) : http2Preface;
  const settings = start === 1 ? Buffer.alloc(0) : settingsFrame();
  const names = Array.from({ length: 1 + random.below(6) }, () => random.pick(violationNames));
  const broken = names.map((name) => violations[name]?.(random) ?? Buffer.alloc(0));
  return { violations: names, bytes: Buffer.concat([begin, settings, ...broken]) };
}
