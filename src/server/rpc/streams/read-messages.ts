import { create, type DescMessage, type DescMethod, type Message, toJsonString } from "@bufbuild/protobuf";
import { hasCustomJsonRepresentation, ValueSchema } from "@bufbuild/protobuf/wkt";
import { createContextKey, createContextValues, type Interceptor } from "@connectrpc/connect";
import { encodeEnvelope, type UniversalServerRequest } from "@connectrpc/connect/protocol";
import { callFactsKey, settleOutcome } from "../../telemetry/call-facts.ts";
import type { Codec } from "../codec.ts";
import type { RpcContentType } from "../content-type.ts";
import { openMessages } from "./stream-body.ts";

/** Messages of a request that were read and not yet passed to the implementation. */
const readMessagesKey = createContextKey<Message[] | undefined>(undefined, {
  description: "messages read from the request",
});

/** Reads the messages of requests in the place of connect-node. */
export type MessagesReader = (
  request: UniversalServerRequest & { body: AsyncIterable<Uint8Array> },
  type: RpcContentType,
) => UniversalServerRequest;

/**
 * Creates the reader of the requests of a streaming method. connect-node has no hook for reading messages, so each message is
 * read when connect-node asks for it, and connect-node gets a placeholder. {@link passReadMessages} puts the read message in
 * its place. Thus messages are read as in unary calls, each once, and errors have their details: of malformed messages,
 * connect-node reports neither paths nor reasons.
 *
 * The reader changes the header of the request.
 */
export function createMessagesReader(
  { input, methodKind }: DescMethod,
  codec: Codec,
  readMaxBytes: number,
): MessagesReader {
  const takesOne = methodKind === "server_streaming";
  const emptyJson = encodeEnvelope(0, Buffer.from(emptyJsonOf(input)));
  const emptyBinary = encodeEnvelope(0, new Uint8Array(0));

  return function readMessages(request, { json, protocol }) {
    const messages = openMessages(request, protocol, readMaxBytes, takesOne);
    const read: Message[] = [];
    const contextValues = request.contextValues ?? createContextValues();
    contextValues.set(readMessagesKey, read);
    return { ...request, contextValues, body: placeholders() };

    async function* placeholders(): AsyncGenerator<Uint8Array> {
      try {
        for await (const bytes of messages) {
          read.push(codec.read(bytes, json));
          yield json ? emptyJson : emptyBinary;
        }
      } catch (error) {
        // Interceptors do not see all of these errors.
        settleOutcome(contextValues.get(callFactsKey), { error });
        throw error;
      }
    }
  };
}

/** Returns the shortest JSON that is a message of a type. That of a Timestamp, for example, is never `{}`. */
function emptyJsonOf(desc: DescMessage): string {
  if (desc.typeName === ValueSchema.typeName) {
    return "null";
  }
  return hasCustomJsonRepresentation(desc) ? toJsonString(desc, create(desc)) : "{}";
}

/** Passes the messages that a {@link MessagesReader} has read. Must be the first interceptor. */
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
