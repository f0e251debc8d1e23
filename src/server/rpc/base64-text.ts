import { malformedBody } from "./request-errors.ts";

/**
 * Decodes a body of grpc-web-text. It may consist of pieces that end with padding of their own. Throws if it is not base64.
 *
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md, "Message encoding"
 */
export function decodeText(body: Uint8Array): Buffer {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
  if (!/^(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)*$/.test(text)) {
    throw malformedBody("must be base64");
  }
  const inner = text.indexOf("=");
  if (inner === -1 || inner >= text.length - 2) {
    return Buffer.from(text, "base64");
  }
  // Node's decoder ends at the first padding.
  return Buffer.concat(text.split(/(?<==)(?!=)/).map((piece) => Buffer.from(piece, "base64")));
}

/** Decodes a body of grpc-web-text as it arrives. */
export async function* decodeTextChunks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([rest, chunk]);
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
