import type { BinaryReadOptions, DescMethod, Message, Registry } from "@bufbuild/protobuf";
import { hasCustomJsonRepresentation, MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import {
  Code,
  ConnectError,
  createContextKey,
  createContextValues,
  type Interceptor,
} from "@connectrpc/connect";
import { type Compression, encodeEnvelope, type UniversalServerRequest } from "@connectrpc/connect/protocol";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import { listLimitOf } from "../../plans/list-limits.ts";
import { createJsonReader, isJson, parseJsonDocument, type Rejection } from "../../transcoding/index.ts";
import { callFactsKey, settleOutcome } from "../telemetry/call-facts.ts";
import { createBinaryReader } from "./binary-reader.ts";
import { chunkReader, type Frame, frameHeaderLength, isChunks, readFrames, readWhole } from "./frames.ts";
import { postOfGet } from "./get.ts";
import { malformedBody, rejected, tooLarge, unsupported } from "./request-errors.ts";

/** Content codings that RPC requests may use. */
export const rpcCompressions: Compression[] = [compressionGzip, compressionBrotli];

/** How a protocol encloses messages in a body. */
type Framing = {
  /** The header with the encoding of compressed messages, and the one with the encodings that are accepted. */
  readonly encoding: string;
  readonly acceptEncoding: string;
  /** See {@link readFrames}; undefined if the body is one message without a frame. */
  readonly endFlag: number | undefined;
};

const framings = {
  connect: { encoding: "content-encoding", acceptEncoding: "accept-encoding", endFlag: undefined },
  connectStream: {
    encoding: "connect-content-encoding",
    acceptEncoding: "connect-accept-encoding",
    endFlag: 0x02,
  },
  grpc: { encoding: "grpc-encoding", acceptEncoding: "grpc-accept-encoding", endFlag: 0 },
  grpcWeb: { encoding: "grpc-encoding", acceptEncoding: "grpc-accept-encoding", endFlag: 0x80 },
} satisfies Record<string, Framing>;

type Layout = { readonly json: boolean; readonly framing: Framing };

const layouts: ReadonlyMap<string, Layout> = new Map([
  ["application/json", { json: true, framing: framings.connect }],
  ["application/proto", { json: false, framing: framings.connect }],
  ["application/connect+json", { json: true, framing: framings.connectStream }],
  ["application/connect+proto", { json: false, framing: framings.connectStream }],
  ["application/grpc", { json: false, framing: framings.grpc }],
  ["application/grpc+proto", { json: false, framing: framings.grpc }],
  ["application/grpc+json", { json: true, framing: framings.grpc }],
  ["application/grpc-web", { json: false, framing: framings.grpcWeb }],
  ["application/grpc-web+proto", { json: false, framing: framings.grpcWeb }],
  ["application/grpc-web+json", { json: true, framing: framings.grpcWeb }],
]);

/** Messages of a request that were read and not yet passed to the implementation. */
const readMessagesKey = createContextKey<Message[] | undefined>(undefined, {
  description: "messages read from the request",
});

const emptyJson = Buffer.from("{}");
const emptyBinary = new Uint8Array(0);

type RequestReaderOptions = {
  /** Largest message, in decompressed bytes. */
  readonly readMaxBytes: number;
  /** Types that an Any in JSON may contain. */
  readonly registry?: Registry | undefined;
  readonly binaryOptions?: Partial<BinaryReadOptions> | undefined;
};

/** Reads the messages of requests in the place of connect-node. */
export type RequestReader = (request: UniversalServerRequest) => UniversalServerRequest;

/**
 * Creates the reader of the requests of a method. connect-node has no hook for reading messages, so each message is read
 * when connect-node asks for it, and connect-node gets an empty one. {@link passReadMessages} puts the read message in its
 * place. Thus JSON is read by the same reader as over REST, each message is read once, and errors have their details: of
 * malformed messages, connect-node reports neither paths nor reasons.
 *
 * The reader changes the header of the request.
 */
export function createRequestReader(
  method: DescMethod,
  { readMaxBytes: limit, registry, binaryOptions }: RequestReaderOptions,
): RequestReader {
  const { input, methodKind } = method;
  const readJsonDocument = createJsonReader(input, listLimitOf, registry);
  const readBinary = createBinaryReader(input, listLimitOf, binaryOptions);
  const isReading = method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
  const takesOne = methodKind === "unary" || methodKind === "server_streaming";
  // The JSON of a Timestamp, for example, is never `{}`.
  const hasObjectJson = !hasCustomJsonRepresentation(input);

  function readJson(bytes: Uint8Array): { readonly message: Message } | Rejection {
    const document = parseJsonDocument(bytes);
    return "violations" in document ? document : readJsonDocument(document);
  }

  return function readRequest(received) {
    const request = received.method === "GET" && isReading ? postOfGet(received) : received;
    const { header, body } = request;
    const layout = layoutOf(header);
    if (layout === undefined || request.method !== "POST" || !isChunks(body)) {
      return request;
    }
    const { json, framing } = layout;
    const encoding = takeEncoding(header, framing);
    const most = framing.endFlag === undefined ? limit : limit + frameHeaderLength;
    const isTooLarge = takesOne && Number(header.get("content-length")) > most;
    // It is not the length of what connect-node gets.
    header.delete("content-length");
    const messages: Message[] = [];
    const contextValues = request.contextValues ?? createContextValues();
    contextValues.set(readMessagesKey, messages);
    return { ...request, contextValues, body: placeholders(chunkReader(body)) };

    // Interceptors do not see all of these errors.
    async function* placeholders(next: ReturnType<typeof chunkReader>): AsyncGenerator<Uint8Array> {
      try {
        // By the header if it tells: a client that expects 100 (Continue) need not send the body.
        if (isTooLarge) {
          throw tooLarge(limit);
        }
        if (encoding === "unknown") {
          throw unknownEncoding(framing);
        }
        if (framing.endFlag === undefined) {
          const content = await readWhole(next, limit);
          yield await read({ content, compressed: encoding !== undefined });
          return;
        }
        let count = 0;
        for await (const frame of readFrames(next, limit, framing.endFlag)) {
          count += 1;
          if (takesOne && count > 1) {
            throw unsupported("the request has several messages, but the method takes one");
          }
          yield encodeEnvelope(0, await read(frame));
        }
        if (takesOne && count === 0) {
          throw unsupported("the request has no message, but the method takes one");
        }
      } catch (error) {
        settleOutcome(contextValues.get(callFactsKey), { error });
        throw error;
      }
    }

    /** Reads a message, and returns the one that connect-node gets in its place. */
    async function read({ content, compressed }: Frame): Promise<Uint8Array> {
      const bytes = compressed
        ? await decompress(content, encoding as Compression | undefined, limit)
        : content;
      const result = json ? readJson(bytes) : readBinary(bytes);
      if ("violations" in result) {
        throw rejected(result);
      }
      messages.push(result.message);
      return json ? (hasObjectJson ? emptyJson : bytes) : emptyBinary;
    }
  };
}

/** Passes the messages that a {@link RequestReader} has read. Must be the first interceptor. */
export const passReadMessages: Interceptor = (next) =>
  function passMessages(request) {
    const messages = request.contextValues.get(readMessagesKey);
    if (messages === undefined) {
      return next(request);
    }
    const pass = (placeholder: Message) => messages.shift() ?? placeholder;
    return next(
      request.stream
        ? { ...request, message: passAll(request.message, pass) }
        : { ...request, message: pass(request.message) },
    );
  };

async function* passAll(placeholders: AsyncIterable<Message>, pass: (placeholder: Message) => Message) {
  for await (const placeholder of placeholders) {
    yield pass(placeholder);
  }
}

/**
 * Returns the layout of the content type; undefined if there is none. Of JSON, removes the parameters that REST accepts,
 * because connect-node compares them as texts. It rejects the others.
 */
function layoutOf(header: Headers): Layout | undefined {
  const [name = "", ...parameters] = (header.get("content-type") ?? "").split(";");
  const type = name.trim().toLowerCase();
  const layout = layouts.get(type);
  if (parameters.length > 0 && layout?.json && isJson(["application/json", ...parameters].join(";"))) {
    header.set("content-type", type);
  }
  return layout;
}

/**
 * Returns the compression that a header names, and removes it if connect-node must not apply it, because it is unknown or
 * because what connect-node gets is not compressed.
 */
function takeEncoding(
  header: Headers,
  { encoding, acceptEncoding, endFlag }: Framing,
): Compression | "unknown" | undefined {
  const name = header.get(encoding);
  if (name === null || name === "identity") {
    return undefined;
  }
  const compression = rpcCompressions.find((each) => each.name === name) ?? "unknown";
  // Frames say for themselves that they are not compressed.
  if (compression === "unknown" || endFlag === undefined) {
    header.delete(encoding);
    // Without this header, connect-node compresses responses like requests.
    if (compression !== "unknown" && !header.get(acceptEncoding)) {
      header.set(acceptEncoding, name);
    }
  }
  return compression;
}

function unknownEncoding({ encoding }: Framing): ConnectError {
  const known = rpcCompressions.map(({ name }) => name).join(", ");
  return unsupported(`${encoding} must be one of ${known}, identity`);
}

async function decompress(
  content: Uint8Array,
  compression: Compression | undefined,
  limit: number,
): Promise<Uint8Array> {
  if (compression === undefined) {
    throw malformedBody("is marked as compressed, but no header names its encoding");
  }
  try {
    return await compression.decompress(content, limit);
  } catch (error) {
    const { code } = ConnectError.from(error);
    throw code === Code.ResourceExhausted ? tooLarge(limit) : malformedBody("does not decompress");
  }
}
