import {
  type BinaryReadOptions,
  create,
  type DescMessage,
  type DescMethod,
  type Message,
  toJsonString,
} from "@bufbuild/protobuf";
import {
  hasCustomJsonRepresentation,
  MethodOptions_IdempotencyLevel,
  ValueSchema,
} from "@bufbuild/protobuf/wkt";
import { createContextKey, createContextValues, type Interceptor } from "@connectrpc/connect";
import { encodeEnvelope, type UniversalServerRequest } from "@connectrpc/connect/protocol";
import { listLimitOf } from "../../plans/list-limits.ts";
import { createJsonReader, parseJsonDocument, type ReadingOptions } from "../../transcoding/index.ts";
import { callFactsKey, settleOutcome } from "../telemetry/call-facts.ts";
import { createBinaryReader } from "./binary-reader.ts";
import { postOfGet } from "./get.ts";
import { openBody, type RequestBody } from "./request-body.ts";
import { rejected } from "./request-errors.ts";

/** Messages of a request that were read and not yet passed to the implementation. */
const readMessagesKey = createContextKey<Message[] | undefined>(undefined, {
  description: "messages read from the request",
});

type RequestReaderOptions = Omit<ReadingOptions, "listLimits"> & {
  /** Largest message, in decompressed bytes. */
  readonly readMaxBytes: number;
  readonly binaryOptions?: Partial<BinaryReadOptions> | undefined;
};

/** Reads the messages of requests in the place of connect-node. */
export type RequestReader = (request: UniversalServerRequest) => UniversalServerRequest;

/**
 * Creates the reader of the requests of a method. connect-node has no hook for reading messages, so each message is read
 * when connect-node asks for it, and connect-node gets a placeholder. {@link passReadMessages} puts the read message in its
 * place. Thus JSON is read by the same reader as over REST, each message is read once, and errors have their details: of
 * malformed messages, connect-node reports neither paths nor reasons.
 *
 * The reader changes the header of the request.
 */
export function createRequestReader(method: DescMethod, options: RequestReaderOptions): RequestReader {
  const { methodKind, idempotency } = method;
  const readMessage = createMessageReader(method.input, options);
  const isReading = idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
  const takesOne = methodKind === "unary" || methodKind === "server_streaming";

  return function readRequest(received) {
    const request = received.method === "GET" && isReading ? postOfGet(received) : received;
    const opened = openBody(request, options.readMaxBytes, takesOne);
    if (opened === undefined) {
      return request;
    }
    const read: Message[] = [];
    const contextValues = request.contextValues ?? createContextValues();
    contextValues.set(readMessagesKey, read);
    return { ...request, contextValues, body: placeholders(opened) };

    async function* placeholders({ json, framed, messages }: RequestBody): AsyncGenerator<Uint8Array> {
      try {
        for await (const bytes of messages) {
          const { message, placeholder } = readMessage(bytes, json);
          read.push(message);
          yield framed ? encodeEnvelope(0, placeholder) : placeholder;
        }
      } catch (error) {
        // Interceptors do not see all of these errors.
        settleOutcome(contextValues.get(callFactsKey), { error });
        throw error;
      }
    }
  };
}

type ReadMessage = {
  readonly message: Message;
  /** What connect-node decodes instead: the shortest text that is a message of this type. */
  readonly placeholder: Uint8Array;
};

const emptyBinary = new Uint8Array(0);

/** Creates the function that reads JSON or binary. It throws if the message is malformed. */
function createMessageReader(
  desc: DescMessage,
  { binaryOptions, ...options }: RequestReaderOptions,
): (bytes: Uint8Array, json: boolean) => ReadMessage {
  const reading = { ...options, listLimits: listLimitOf };
  const readDocument = createJsonReader(desc, reading);
  const readBinary = createBinaryReader(desc, reading, binaryOptions);
  const emptyJson = Buffer.from(emptyJsonOf(desc));

  function readJson(bytes: Uint8Array) {
    const document = parseJsonDocument(bytes);
    return "violations" in document ? document : readDocument(document);
  }

  return function readMessage(bytes, json) {
    const result = json ? readJson(bytes) : readBinary(bytes);
    if ("violations" in result) {
      throw rejected(result);
    }
    return { message: result.message, placeholder: json ? emptyJson : emptyBinary };
  };
}

/** Returns the JSON of an empty message. That of a Timestamp, for example, is never `{}`. */
function emptyJsonOf(desc: DescMessage): string {
  if (desc.typeName === ValueSchema.typeName) {
    return "null";
  }
  return hasCustomJsonRepresentation(desc) ? toJsonString(desc, create(desc)) : "{}";
}

/** Passes the messages that a {@link RequestReader} has read. Must be the first interceptor. */
export const passReadMessages: Interceptor = (next) =>
  function passMessages(request) {
    const read = request.contextValues.get(readMessagesKey);
    if (read === undefined) {
      return next(request);
    }
    return next(
      request.stream
        ? { ...request, message: passAll(request.message, read) }
        : { ...request, message: takeFirst(read) },
    );
  };

async function* passAll(placeholders: AsyncIterable<Message>, read: Message[]): AsyncGenerator<Message> {
  for await (const _ of placeholders) {
    yield takeFirst(read);
  }
}

function takeFirst(read: Message[]): Message {
  const message = read.shift();
  if (message === undefined) {
    throw new Error("connect-node decoded a message that was not read");
  }
  return message;
}
