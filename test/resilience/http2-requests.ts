/** What every HTTP/2 client sends first (RFC 9113 3.4). */
export const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Types of frames (RFC 9113 6). */
export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Flags of frames; the same bit means other things in other types. */
export const flag = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

export type FrameInit = {
  type: number;
  flags?: number;
  /** 31 bits, or 32 to set the reserved one. */
  stream?: number;
  payload?: Uint8Array;
  /** What the frame says its payload has, in bytes; the truth unless said otherwise. */
  length?: number;
};

/** Writes a frame (RFC 9113 4.1), a wrong one as well as a right one. */
export function frame({ type, flags = 0, stream = 0, payload = Buffer.alloc(0), length }: FrameInit): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE((length ?? payload.length) & 0xffffff, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream >>> 0, 5);
  return Buffer.concat([head, payload]);
}

/** Writes SETTINGS with these values by their identifiers. */
export function settingsFrame(settings: readonly (readonly [id: number, value: number])[] = []): Buffer {
  const payload = Buffer.alloc(settings.length * 6);
  for (const [index, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value >>> 0, index * 6 + 2);
  }
  return frame({ type: frameType.settings, payload });
}

/** Writes headers as literals without indexing and without Huffman (RFC 7541 6.2.2): no state is needed. */
export function headerBlock(headers: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(
    Object.entries(headers).flatMap(([name, value]) => [Buffer.of(0), literal(name), literal(value)]),
  );
}

/** Writes a request with JSON to an RPC path: HEADERS, and DATA unless the body is left out. */
export function requestFrames(
  stream: number,
  path: string,
  { body, headers = {} }: { body?: string | undefined; headers?: Readonly<Record<string, string>> },
): Buffer {
  const block = headerBlock({
    ":method": "POST",
    ":scheme": "http",
    ":authority": "localhost",
    ":path": path,
    "content-type": "application/json",
    ...headers,
  });
  const head = frame({ type: frameType.headers, flags: flag.endHeaders, stream, payload: block });
  return body === undefined
    ? head
    : Buffer.concat([
        head,
        frame({ type: frameType.data, flags: flag.endStream, stream, payload: Buffer.from(body) }),
      ]);
}

/** RFC 7541 5.2: a length of seven bits and more, then the octets. */
function literal(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  const length: number[] = [];
  if (bytes.length < 127) {
    length.push(bytes.length);
  } else {
    length.push(127);
    let rest = bytes.length - 127;
    for (; rest >= 128; rest >>>= 7) {
      length.push((rest & 127) | 128);
    }
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}
