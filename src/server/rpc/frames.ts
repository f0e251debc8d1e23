import { Code, ConnectError } from "@connectrpc/connect";
import { answeredAs } from "../../contract/api-error.ts";
import {
  cutOff,
  endedEarly,
  malformedBody,
  missingMessage,
  severalMessages,
  tooLarge,
} from "./request-errors.ts";

/** A message in the frame of gRPC, gRPC-Web or a stream of Connect. */
export type Frame = { readonly content: Uint8Array; readonly compressed: boolean };

/** A frame begins with one byte of flags and four bytes of length, big-endian. */
export const frameHeaderLength = 5;

export const compressedFlag = 0x01;

/** Returns the next chunk of a body; undefined at its end. */
export type NextChunk = () => Promise<Uint8Array | undefined>;

/** Returns a frame with a message. */
export function frameOf(flags: number, content: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(frameHeaderLength + content.length);
  frame[0] = flags;
  frame.writeUInt32BE(content.length, 1);
  frame.set(content, frameHeaderLength);
  return frame;
}

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

/** How frames of a protocol are read. */
export type FrameRules = {
  /** Most bytes of a message, compressed or not. */
  readonly limit: number;
  /** Marks the frame that ends a stream, which is skipped; 0 if the protocol has none. */
  readonly endFlag: number;
  /** Whether the method takes several messages. */
  readonly inStream: boolean;
};

/** Returns the size of a message in the header of its frame. */
function sizeAt(bytes: Uint8Array): number {
  let size = 0;
  for (let at = 1; at < frameHeaderLength; at += 1) {
    size = size * 256 + (bytes[at] as number);
  }
  return size;
}

/** Returns the length of the frame that some bytes begin with, of at least five bytes. Throws if it must not be read. */
function frameLength(bytes: Uint8Array, { limit, endFlag, inStream }: FrameRules): number {
  const flags = bytes[0] as number;
  if ((flags & ~(compressedFlag | endFlag)) !== 0) {
    const problem = `has a frame with the unknown flags ${flags}: a message begins with a byte of flags and four bytes of length`;
    throw answeredAs(malformedBody(problem), Code.Internal);
  }
  const size = sizeAt(bytes);
  if (size > limit) {
    throw tooLarge(limit, inStream);
  }
  return frameHeaderLength + size;
}

/** What is left of a body after its complete frames. */
type Rest = {
  bytes: Uint8Array;
  /** Bytes that must be there before the next frame can be read. */
  needed: number;
  /** Whether a frame has ended the stream. */
  isEnded: boolean;
};

/** Takes the complete frames off the beginning of a body, and yields those with messages. */
function* takeFrames(rest: Rest, rules: FrameRules): Generator<Frame> {
  while (rest.bytes.length >= frameHeaderLength) {
    const { bytes } = rest;
    if (rest.isEnded) {
      throw malformedBody("must have no frame behind the one that ends the stream");
    }
    rest.needed = frameLength(bytes, rules);
    if (bytes.length < rest.needed) {
      return;
    }
    const flags = bytes[0] as number;
    const content = bytes.subarray(frameHeaderLength, rest.needed);
    rest.bytes = bytes.subarray(rest.needed);
    rest.needed = frameHeaderLength;
    if ((flags & rules.endFlag) !== 0) {
      rest.isEnded = true;
    } else {
      yield { content, compressed: (flags & compressedFlag) !== 0 };
    }
  }
}

/** Returns the only message of a whole body. Throws if it has none or several, and where {@link readFrames} does. */
export function onlyFrame(body: Uint8Array, rules: FrameRules): Frame {
  const flags = body[0];
  const isMessage = body.length >= frameHeaderLength && (flags === 0 || flags === compressedFlag);
  if (isMessage && frameLength(body, rules) === body.length) {
    // Nearly all bodies are one frame, which takes half the time without a generator.
    return { content: body.subarray(frameHeaderLength), compressed: flags === compressedFlag };
  }
  const rest: Rest = { bytes: body, needed: frameHeaderLength, isEnded: false };
  let only: Frame | undefined;
  for (const frame of takeFrames(rest, rules)) {
    if (only !== undefined) {
      throw severalMessages();
    }
    only = frame;
  }
  if (rest.bytes.length > 0) {
    throw cutOff(rules.inStream);
  }
  return only ?? missingMessage();
}

/**
 * Reads the messages of a framed body, each as soon as it has arrived. Throws if a message is too large, if the body ends
 * within a frame, and at flags that the protocol does not define.
 */
export async function* readFrames(next: NextChunk, rules: FrameRules): AsyncGenerator<Frame> {
  const rest: Rest = { bytes: new Uint8Array(0), needed: frameHeaderLength, isEnded: false };
  let pending: Uint8Array[] = [];
  let length = 0;
  for (let chunk = await next(); chunk !== undefined; chunk = await next()) {
    pending.push(chunk);
    length += chunk.length;
    if (length >= rest.needed) {
      rest.bytes = joined(pending);
      yield* takeFrames(rest, rules);
      pending = [rest.bytes];
      length = rest.bytes.length;
    }
  }
  if (length > 0) {
    throw cutOff(rules.inStream);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
}
