import type { Socket } from "node:net";
import { openSocket } from "./raw-socket.ts";

/** Types of frames (RFC 9113 6). */
export const frameTypes = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Flags of frames; ACK is that of SETTINGS and PING. */
export const frameFlags = { endStream: 1, ack: 1, endHeaders: 4, padded: 8 } as const;

/** RFC 9113 3.4: what a client sends first, and a SETTINGS frame after it. */
export const http2Preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** A frame to send. */
export type FrameInit = {
  readonly type: number;
  readonly flags?: number;
  /** Defaults to 0, the connection. */
  readonly stream?: number;
  readonly payload?: Uint8Array;
  /** The length that its head says, should it be another than that of the payload. */
  readonly length?: number;
};

/** A frame that was received. */
export type Frame = {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
};

/** Writes a frame, right or wrong. */
export function encodeFrame({ type, flags = 0, stream = 0, payload, length }: FrameInit): Buffer {
  const bytes = Buffer.from(payload ?? []);
  const head = Buffer.alloc(9);
  head.writeUIntBE(length ?? bytes.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, bytes]);
}

/** Writes a 32-bit number, such as the error code of RST_STREAM. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Writes a field of a header as HPACK has it (RFC 7541 6.2.2), without its table or its compression. */
export function encodeField(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0]), encodeText(name), encodeText(value)]);
}

/** RFC 7541 5.2, with the length as 5.1 has it. */
function encodeText(text: string): Buffer {
  const length = text.length < 127 ? [text.length] : [127];
  let rest = text.length - 127;
  for (; rest >= 128; rest >>= 7) {
    length.push((rest & 127) | 128);
  }
  return Buffer.concat([
    Buffer.from(text.length < 127 ? length : [...length, rest]),
    Buffer.from(text, "latin1"),
  ]);
}

/** Writes the header of a request to `/`, with more fields if given. */
export function encodeRequest(fields: Readonly<Record<string, string>> = {}, method = "POST"): Buffer {
  const all = { ":method": method, ":scheme": "http", ":path": "/", ":authority": "localhost", ...fields };
  return Buffer.concat(Object.entries(all).map(([name, value]) => encodeField(name, value)));
}

/** A client that speaks in frames. */
export type FrameClient = {
  readonly socket: Socket;
  /** Sends frames, all at once, or bytes that are none. */
  send(...frames: readonly (FrameInit | Uint8Array)[]): void;
  /** Everything received so far. */
  frames(): readonly Frame[];
  /** Resolves with the first frame that `isIt` accepts. Rejects if the connection ends before. */
  received(isIt: (frame: Frame) => boolean): Promise<Frame>;
  /** Resolves when the server has read all that was sent. Rejects if the connection ends before. */
  settled(): Promise<void>;
  /** Resolves with everything received when the server has closed the connection. */
  closed(): Promise<readonly Frame[]>;
  [Symbol.dispose](): void;
};

/** Opens a connection to a port of this machine and sends the preface. */
export async function openFrameClient(port: number): Promise<FrameClient> {
  const raw = await openSocket(port);
  return speakFrames(raw.socket);
}

/** Speaks in frames on a connection that is open, such as one of TLS. Sends the preface. */
export function speakFrames(socket: Socket): FrameClient {
  const received: Frame[] = [];
  const watchers = new Set<() => void>();
  let rest: Buffer = Buffer.alloc(0);
  let pings = 0;
  const tell = () => {
    for (const watch of [...watchers]) {
      watch();
    }
  };
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (let end = frameEnd(rest); end <= rest.length; end = frameEnd(rest)) {
      received.push({
        type: rest.readUInt8(3),
        flags: rest.readUInt8(4),
        stream: rest.readUInt32BE(5),
        payload: rest.subarray(9, end),
      });
      rest = rest.subarray(end);
    }
    tell();
  });
  socket.on("close", tell);

  const client: FrameClient = {
    socket,
    send(...frames) {
      socket.write(
        Buffer.concat(frames.map((frame) => (frame instanceof Uint8Array ? frame : encodeFrame(frame)))),
      );
    },
    frames: () => received,
    received: (isIt) =>
      new Promise((resolve, reject) => {
        const watch = () => {
          const frame = received.find(isIt);
          if (frame !== undefined) {
            watchers.delete(watch);
            resolve(frame);
          } else if (socket.closed) {
            watchers.delete(watch);
            reject(new Error("the connection ended before the frame came"));
          }
        };
        watchers.add(watch);
        watch();
      }),
    async settled() {
      pings += 1;
      const payload = Buffer.concat([uint32(0), uint32(pings)]);
      client.send({ type: frameTypes.ping, payload });
      await client.received(
        ({ type, flags, payload: answer }) =>
          type === frameTypes.ping && flags === frameFlags.ack && answer.equals(payload),
      );
    },
    closed: () =>
      new Promise((resolve) => {
        if (socket.closed) {
          resolve(received);
        } else {
          socket.once("close", () => resolve(received));
        }
      }),
    [Symbol.dispose]: () => {
      socket.destroy();
    },
  };
  client.send(http2Preface, { type: frameTypes.settings });
  return client;
}

function frameEnd(bytes: Buffer): number {
  return bytes.length < 9 ? Number.POSITIVE_INFINITY : 9 + bytes.readUIntBE(0, 3);
}

/** The error code of the last GOAWAY among frames; undefined if there is none. */
export function goawayCode(frames: readonly Frame[]): number | undefined {
  return frames.findLast(({ type }) => type === frameTypes.goaway)?.payload.readUInt32BE(4);
}

/** Statuses of the static table of HPACK, from index 8 (RFC 7541, appendix A). */
const indexedStatuses = [200, 204, 206, 304, 400, 404, 500];

/** The status in the header of a response: its first field, as RFC 7541 has it. */
export function statusOf({ payload }: Frame): number {
  // Changes of the size of the table may come before.
  const at = payload.findIndex((byte) => (byte & 0xe0) !== 0x20);
  const first = payload.readUInt8(at);
  if (first >= 0x88) {
    return indexedStatuses[first - 0x88] ?? 0;
  }
  const length = payload.readUInt8(at + 1);
  const text = payload.subarray(at + 2, at + 2 + (length & 0x7f));
  return Number(length >= 0x80 ? digitsOf(text) : text.toString("latin1"));
}

/** Reads digits of the Huffman code: 0 to 2 have five bits, the others six (RFC 7541, appendix B). */
function digitsOf(bytes: Buffer): string {
  let bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  let digits = "";
  while (bits.length >= 5 && digits.length < 3) {
    const short = Number.parseInt(bits.slice(0, 5), 2);
    digits += short <= 2 ? short : Number.parseInt(bits.slice(0, 6), 2) - 22;
    bits = bits.slice(short <= 2 ? 5 : 6);
  }
  return digits;
}

/** The error code of the RST_STREAM of a stream; undefined if there is none. */
export function resetCode(frames: readonly Frame[], stream: number): number | undefined {
  return frames
    .find((frame) => frame.type === frameTypes.rstStream && frame.stream === stream)
    ?.payload.readUInt32BE(0);
}
