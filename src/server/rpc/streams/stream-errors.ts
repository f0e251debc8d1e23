import type { DescMethod, Registry } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createContextKey,
  type Interceptor,
  type StreamRequest,
  type UnaryRequest,
} from "@connectrpc/connect";
import { ErrorReason } from "../../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError, isFailure } from "../../../contract/api-error.ts";
import { cancellationOf } from "../../../contract/cancellation.ts";
import type { CallOptions } from "../../../transcoding/index.ts";
import type { HttpRequest } from "../../http-handler.ts";
import { sendableError } from "../error-details.ts";

/** The request of a stream, as it arrived. */
export const httpRequestKey = createContextKey<HttpRequest | undefined>(undefined, {
  description: "request of a stream",
});

/**
 * Creates the interceptor that reports the errors of streams, also those after the first message, turns each unexpected one
 * into INTERNAL with a fixed message, and prepares them for sending: connect-node breaks the connection if it cannot write a
 * detail or the message.
 */
export function createErrorInterceptor(
  { onError, onFailure }: Pick<CallOptions, "onError" | "onFailure">,
  registry: Registry,
): Interceptor {
  /** Returns the error that the caller receives. */
  function sent(cause: unknown, { signal, contextValues, method }: UnaryRequest | StreamRequest): unknown {
    const error = cancellationOf(cause, signal) ?? cause;
    const request = contextValues.get(httpRequestKey);
    if (isFailure(error) && request !== undefined) {
      onFailure?.(cause, method as DescMethod, request);
    }
    const answered = isFailure(error)
      ? apiError(ErrorReason.SERVER_FAILURE, { message: "the server failed", cause })
      : (error as ConnectError);
    if (request !== undefined) {
      onError?.(answered, request, undefined);
    }
    return sendableError(answered, registry);
  }

  async function* sentMessages<T>(messages: AsyncIterable<T>, request: StreamRequest): AsyncGenerator<T> {
    try {
      yield* messages;
      requireDeadlineKept(request.signal);
    } catch (error) {
      throw sent(error, request);
    }
  }

  return (next) =>
    async function sendErrors(request) {
      try {
        const response = await next(request);
        return response.stream
          ? { ...response, message: sentMessages(response.message, request as StreamRequest) }
          : response;
      } catch (error) {
        throw sent(error, request);
      }
    };
}

/** Throws if the deadline passed: an implementation may end when its signal is aborted, and would seem to be complete. */
function requireDeadlineKept({ aborted, reason }: AbortSignal): void {
  if (aborted && reason instanceof ConnectError && reason.code === Code.DeadlineExceeded) {
    throw reason;
  }
}
