import { encodeFrame, frameTypes, http2Preface } from "../../support/http/http2-frames.ts";
import { headerBlock, requestFrames, settingsFrame } from "./http2-requests.ts";

/** Floods on one connection, by name: many frames, each of them valid. */
export const floods: Readonly<Record<string, (frames: number) => Buffer>> = {
  "HEADERS and RST_STREAM": (frames) =>
    repeated(frames, (index) =>
      Buffer.concat([
        requestFrames(1 + 2 * index, "/grpc.health.v1.Health/Check", {}),
        encodeFrame({ type: frameTypes.rstStream, stream: 1 + 2 * index, payload: Buffer.of(0, 0, 0, 8) }),
      ]),
    ),
  CONTINUATION: (frames) =>
    Buffer.concat([
      opening,
      encodeFrame({ type: frameTypes.headers, stream: 1, payload: headerBlock({ ":method": "GET" }) }),
      ...Array.from({ length: frames }, () => more),
    ]),
  SETTINGS: (frames) => repeated(frames, () => settingsFrame([[4, 65_535]])),
  PING: (frames) => repeated(frames, () => encodeFrame({ type: frameTypes.ping, payload: Buffer.alloc(8) })),
  "empty DATA": (frames) =>
    Buffer.concat([
      opening,
      requestFrames(1, "/grpc.health.v1.Health/Check", {}),
      ...Array.from({ length: frames }, () => encodeFrame({ type: frameTypes.data, stream: 1 })),
    ]),
  PRIORITY: (frames) =>
    repeated(frames, (index) =>
      encodeFrame({ type: frameTypes.priority, stream: 1 + 2 * index, payload: Buffer.of(0, 0, 0, 0, 16) }),
    ),
};

const opening = Buffer.concat([http2Preface, settingsFrame()]);
const more = encodeFrame({
  type: frameTypes.continuation,
  stream: 1,
  payload: headerBlock({ "x-more": "y".repeat(200) }),
});

function repeated(frames: number, one: (index: number) => Buffer): Buffer {
  return Buffer.concat([opening, ...Array.from({ length: frames }, (_, index) => one(index))]);
}
