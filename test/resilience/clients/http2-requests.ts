import { encodeField, encodeFrame, frameFlags, frameTypes } from "../../support/http/http2-frames.ts";

/** Returns a SETTINGS frame with values by their identifiers. */
export function settingsFrame(settings: readonly (readonly [id: number, value: number])[] = []): Buffer {
  const payload = Buffer.alloc(settings.length * 6);
  for (const [index, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  }
  return encodeFrame({ type: frameTypes.settings, payload });
}

/** Returns a header block, valid or not, that does not depend on the state of the connection. */
export function headerBlock(headers: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(Object.entries(headers).map(([name, value]) => encodeField(name, value)));
}

/** Returns the frames of a JSON request: HEADERS, and DATA if there is a body. */
export function requestFrames(
  stream: number,
  path: string,
  { body, headers = {} }: { body?: string | undefined; headers?: Readonly<Record<string, string>> },
): Buffer {
  const payload = headerBlock({
    ":method": "POST",
    ":scheme": "http",
    ":authority": "localhost",
    ":path": path,
    "content-type": "application/json",
    ...headers,
  });
  const head = encodeFrame({ type: frameTypes.headers, flags: frameFlags.endHeaders, stream, payload });
  return body === undefined
    ? head
    : Buffer.concat([
        head,
        encodeFrame({
          type: frameTypes.data,
          flags: frameFlags.endStream,
          stream,
          payload: Buffer.from(body),
        }),
      ]);
}
