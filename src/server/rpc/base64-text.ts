import { chunkReader } from "./frames.ts";
import { malformedBody } from "./request-errors.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Set in the value of bytes that are not of the alphabet. */
const unknown = 64;

/** Values of characters by their bytes. */
const values = new Uint8Array(256).fill(unknown);
for (let value = 0; value < alphabet.length; value++) {
  values[alphabet.charCodeAt(value)] = value;
}

/** Returns the most characters that a body of some bytes may have: pieces with padding of their own have two bytes or more. */
export function maxTextLength(bytes: number): number {
  return 4 * Math.ceil(bytes / 2);
}

const padding = "=".charCodeAt(0);

/**
 * Decodes a body of grpc-web-text. It may consist of pieces that end with padding of their own. Throws if it is not base64.
 *
 * Not with Node's decoder, which ends at the first padding and skips what is not base64: a body may be all padding, and
 * would be cut into as many pieces.
 *
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md, "Text-encoded (response) streams"
 */
export function decodeText(body: Uint8Array): Buffer {
  if (body.length % 4 !== 0) {
    throw malformedBody("must be base64 with padding, but ends within a group of four characters");
  }
  const bytes = Buffer.allocUnsafe((body.length / 4) * 3);
  let length = 0;
  for (let at = 0; at < body.length; at += 4) {
    const padded = body[at + 3] !== padding ? 0 : body[at + 2] !== padding ? 1 : 2;
    const first = values[body[at] as number] as number;
    const second = values[body[at + 1] as number] as number;
    const third = padded === 2 ? 0 : (values[body[at + 2] as number] as number);
    const fourth = padded === 0 ? (values[body[at + 3] as number] as number) : 0;
    if ((first | second | third | fourth) >= unknown) {
      throw malformedBody("must be base64: A to Z, a to z, 0 to 9, + and /, with = as padding");
    }
    bytes[length] = (first << 2) | (second >> 4);
    bytes[length + 1] = (second << 4) | (third >> 2);
    bytes[length + 2] = (third << 6) | fourth;
    length += 3 - padded;
  }
  return bytes.subarray(0, length);
}

/** Decodes a body of grpc-web-text as it arrives. */
export async function* decodeTextChunks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const next = chunkReader(chunks);
  let rest: Uint8Array = Buffer.alloc(0);
  for (let chunk = await next(); chunk !== undefined; chunk = await next()) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = bytes.length - (bytes.length % 4);
    rest = bytes.subarray(whole);
    yield decodeText(bytes.subarray(0, whole));
  }
  // Throws unless everything was decoded.
  yield decodeText(rest);
}

/** Encodes each piece of an answer as it is sent. */
export async function* encodeTextChunks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    yield Buffer.from(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("base64"));
  }
}
