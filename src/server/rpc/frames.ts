/** A message in a frame of gRPC or gRPC-Web. */
export type FramedMessage = { readonly content: Uint8Array; readonly compressed: boolean };

export type FrameOptions = {
  /** Largest message, in bytes. */
  limit: number;
  /** Whether frames of trailers, as gRPC-Web has them, may stand among the messages. */
  trailers: boolean;
};

/** A frame begins with a byte of flags and four bytes of length, the highest first. */
export const frameHeaderLength = 5;

const compressedFlag = 0x01;
const trailerFlag = 0x80;

/**
 * Returns the messages in the body of a gRPC request, or what is wrong with its frames. How many messages there
 * must be is for the caller to say.
 */
export function messagesInFrames(
  body: Uint8Array,
  { limit, trailers }: FrameOptions,
): FramedMessage[] | { readonly fault: string } {
  const messages: FramedMessage[] = [];
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  let at = 0;
  while (at < body.length) {
    const length = at + frameHeaderLength <= body.length ? view.getUint32(at + 1) : 0;
    const end = at + frameHeaderLength + length;
    if (length > limit) {
      return { fault: "too-large" };
    }
    if (end > body.length) {
      return { fault: "must be whole frames of gRPC: it ends within one" };
    }
    const flags = view.getUint8(at);
    if (!(trailers && (flags & trailerFlag) !== 0)) {
      const content = body.subarray(at + frameHeaderLength, end);
      messages.push({ content, compressed: (flags & compressedFlag) !== 0 });
    }
    at = end;
  }
  return messages;
}
