import { Code, ConnectError } from "@connectrpc/connect";
import { answeredAs } from "../../contract/api-error.ts";
import { cutOff, endedEarly, malformedBody, tooLarge } from "./request-errors.ts";

/** A message in the frame of gRPC, gRPC-Web or a stream of Connect. */
export type Frame = { readonly content: Uint8Array; readonly compressed: boolean };

/** A frame begins with one byte of flags and four bytes of length, big-endian. */
export const frameHeaderLength = 5;

const compressedFlag = 0x01;

/** Returns the next chunk of a body; undefined at its end. */
export type NextChunk = () => Promise<Uint8Array | undefined>;

/** Whether a body of connect-node is a stream of bytes. */
export function isChunks(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body;
}

/**
 * Returns a function that reads the chunks of a body. Unlike `for await`, it never destroys a request whose body is not
 * read to its end.
 */
export function chunkReader(chunks: AsyncIterable<Uint8Array>): NextChunk {
  const iterator = chunks[Symbol.asyncIterator]();
  return async function nextChunk() {
    try {
      const next = await iterator.next();
      return next.done ? undefined : next.value;
    } catch (error) {
      // A GET has its message in the query, which may be malformed.
      throw error instanceof ConnectError ? error : endedEarly(error);
    }
  };
}

/** Reads a whole body. Throws if it is larger than `limit` bytes. */
export async function readWhole(next: NextChunk, limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let chunk = await next(); chunk !== undefined; chunk = await next()) {
    length += chunk.length;
    if (length > limit) {
      throw tooLarge(limit);
    }
    parts.push(chunk);
  }
  return joined(parts);
}

/**
 * Reads the messages of a framed body, each as soon as it has arrived. Throws if a message has more than `limit` bytes, if
 * the body ends within a frame, and at flags that the protocol does not define. `endFlag` marks the frame that ends a stream, which is skipped; 0 if the protocol has
 * none. `inStream`: whether the method takes several messages.
 */
export async function* readFrames(
  next: NextChunk,
  limit: number,
  endFlag: number,
  inStream: boolean,
): AsyncGenerator<Frame> {
  let pending: Uint8Array[] = [];
  let length = 0;
  let needed = frameHeaderLength;
  let ends = 0;
  for (let chunk = await next(); chunk !== undefined; chunk = await next()) {
    pending.push(chunk);
    length += chunk.length;
    if (length < needed) {
      continue;
    }
    let bytes = joined(pending);
    while (bytes.length >= frameHeaderLength) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, frameHeaderLength);
      const flags = view.getUint8(0);
      if ((flags & ~(compressedFlag | endFlag)) !== 0) {
        throw answeredAs(malformedBody(`has a frame with the unknown flags ${flags}`), Code.Internal);
      }
      const size = view.getUint32(1);
      if (size > limit) {
        throw tooLarge(limit, inStream);
      }
      needed = frameHeaderLength + size;
      if (bytes.length < needed) {
        break;
      }
      const content = bytes.subarray(frameHeaderLength, needed);
      bytes = bytes.subarray(needed);
      needed = frameHeaderLength;
      if ((flags & endFlag) !== 0) {
        ends += 1;
        if (ends > 1) {
          throw malformedBody("must have at most one frame that ends the stream");
        }
      } else {
        yield { content, compressed: (flags & compressedFlag) !== 0 };
      }
    }
    pending = [bytes];
    length = bytes.length;
  }
  if (length > 0) {
    throw cutOff(inStream);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
}
