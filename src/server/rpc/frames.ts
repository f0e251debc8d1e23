/** A message in a gRPC or gRPC-Web frame. */
type FramedMessage = { readonly content: Uint8Array; readonly compressed: boolean };

/** A frame begins with one byte of flags and four bytes of length, big-endian. */
export const frameHeaderLength = 5;

const compressedFlag = 0x01;
const trailerFlag = 0x80;

/**
 * Returns the first two messages in the body of a gRPC request and the length of the body up to there, or the problem with
 * its frames. A unary method takes one message: connect-node rejects the call at the second, but decodes all frames that
 * it is given. `limit` is that of a message, in bytes; `allowTrailers` skips the trailers of gRPC-Web.
 */
export function messagesInFrames(
  body: Uint8Array,
  limit: number,
  allowTrailers: boolean,
): { readonly messages: readonly FramedMessage[]; readonly length: number } | { readonly problem: string } {
  const messages: FramedMessage[] = [];
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  let at = 0;
  let trailers = 0;
  while (at < body.length && messages.length < 2) {
    const length = at + frameHeaderLength <= body.length ? view.getUint32(at + 1) : 0;
    const end = at + frameHeaderLength + length;
    if (length > limit) {
      return { problem: "too-large" };
    }
    if (end > body.length) {
      return { problem: "must be complete gRPC frames, but ends within one" };
    }
    const flags = view.getUint8(at);
    if (allowTrailers && (flags & trailerFlag) !== 0) {
      trailers += 1;
      if (trailers > 1) {
        return { problem: "must have at most one frame of trailers" };
      }
    } else {
      const content = body.subarray(at + frameHeaderLength, end);
      messages.push({ content, compressed: (flags & compressedFlag) !== 0 });
    }
    at = end;
  }
  return { messages, length: at };
}

/** Whether a body of connect-node is a stream of bytes. */
export function isChunks(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body;
}
