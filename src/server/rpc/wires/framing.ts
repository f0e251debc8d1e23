import type { Message } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import type { HeaderFields } from "../../../transcoding/index.ts";
import {
  answerCompression,
  compressMinBytes,
  decompress,
  grpcEncoding,
  requireEncoding,
} from "../encodings.ts";
import { compressedFlag, frameHeaderLength, frameOf, onlyFrame } from "../frames.ts";
import { type RpcCall, readBody, writeAnswer } from "./rpc-call.ts";

/** How a protocol of gRPC encloses the messages of a call. */
export type Framing = {
  /** Throws if the encoding of messages is unknown. */
  check(): void;
  /** Reads the only message of the body. */
  read(): Promise<Message>;
  /**
   * Writes an answer as a frame. It is compressed if it is large and the caller accepts that; `fields` then say so, and the
   * frame is a promise.
   */
  write(answer: Message, fields: HeaderFields, context: HandlerContext): Buffer | Promise<Buffer>;
};

export type FramingOptions = {
  /** Marks the frame that ends a body; 0 if the protocol has none. */
  readonly endFlag: number;
  /** Returns the most bytes that a body of a length may have on the wire. */
  readonly maxSent?: (length: number) => number;
  /** Returns the bytes of a body as it was sent. */
  readonly decode?: (body: Uint8Array) => Uint8Array;
};

/** Sends a frame once it is written: at once unless it is being compressed. */
export function whenWritten(
  frame: Buffer | Promise<Buffer>,
  send: (frame: Buffer) => void,
): void | Promise<void> {
  return frame instanceof Promise ? frame.then(send) : send(frame);
}

/** Creates the framing of a call. */
export function createFraming(call: RpcCall, { endFlag, maxSent, decode }: FramingOptions): Framing {
  const { request, rpc, type } = call;
  const { codec, readMaxBytes } = rpc;
  const encoding = request.headers["grpc-encoding"]?.toString();
  let compression: Compression | undefined;
  return {
    check() {
      compression = requireEncoding(encoding, grpcEncoding);
    },
    async read() {
      const length = readMaxBytes + frameHeaderLength;
      const sent = await readBody(call, maxSent?.(length) ?? length);
      const body = decode === undefined ? sent : decode(sent);
      const frame = onlyFrame(body, { limit: readMaxBytes, endFlag, inStream: false });
      const bytes = frame.compressed
        ? await decompress(frame.content, compression, readMaxBytes)
        : frame.content;
      return codec.read(bytes, type.json);
    },
    write(answer, fields, context) {
      const written = writeAnswer(call, answer, context);
      const content = typeof written === "string" ? Buffer.from(written) : written;
      // The size first, because most messages are too short to compress.
      const isShort = content.length < compressMinBytes;
      const coding = isShort
        ? undefined
        : answerCompression(request.headers["grpc-accept-encoding"], encoding);
      if (coding === undefined) {
        return frameOf(0, content);
      }
      fields.push("grpc-encoding", coding.name);
      return coding.compress(content).then((compressed) => frameOf(compressedFlag, compressed));
    },
  };
}
