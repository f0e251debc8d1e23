import type { Registry } from "@bufbuild/protobuf";
import { ConnectError, type Interceptor } from "@connectrpc/connect";
import { sendableDetail } from "../../transcoding/index.ts";

/**
 * Creates the interceptor that prepares errors for sending: connect-node breaks the connection if it cannot write a
 * detail or the message.
 */
export function createDetailInterceptor(registry: Registry): Interceptor {
  return (next) =>
    async function prepareErrors(request) {
      try {
        const response = await next(request);
        return response.stream
          ? { ...response, message: withSendableError(response.message, registry) }
          : response;
      } catch (error) {
        throw sendable(error, registry);
      }
    };
}

async function* withSendableError<T>(messages: AsyncIterable<T>, registry: Registry): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (error) {
    throw sendable(error, registry);
  }
}

function sendable(error: unknown, registry: Registry): unknown {
  if (!(error instanceof ConnectError)) {
    return error;
  }
  const { rawMessage, code, metadata, cause, isWireError } = error;
  const prepared = new ConnectError(rawMessage.toWellFormed(), code, metadata, undefined, cause);
  prepared.isWireError = isWireError;
  prepared.details = error.details.flatMap((detail) => sendableDetail(detail, registry) ?? []);
  return prepared;
}
