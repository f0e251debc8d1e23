import { ConnectError, type Interceptor, type StreamRequest, type UnaryRequest } from "@connectrpc/connect";
import { ErrorReason } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError, countedError, isFailure } from "../contract/api-error.ts";
import { cancellationOf } from "../contract/cancellation.ts";
import { type CallFacts, callFactsKey, settleOutcome } from "./telemetry/call-facts.ts";

/** Logs an unexpected error of the server, with the call that it failed. */
export type LogFailure = (cause: unknown, method: string, call?: CallFacts) => void;

/**
 * Creates the interceptor that reports the errors of RPC calls, also those after the first message of a stream, and turns
 * each unexpected one into INTERNAL with a fixed message. REST calls report theirs through `onError` and `onFailure` of
 * the transcoding handler.
 */
export function createFailureInterceptor(logFailure: LogFailure): Interceptor {
  /** Returns the error that the caller receives. */
  function reported(cause: unknown, request: UnaryRequest | StreamRequest): unknown {
    const error = cancellationOf(cause, request.signal) ?? cause;
    const call = request.contextValues.get(callFactsKey);
    settleOutcome(call, { error });
    const counted = countedError(error);
    if (counted instanceof ConnectError && !isFailure(counted)) {
      return error;
    }
    logFailure(error, String(request.method), call);
    return apiError(ErrorReason.SERVER_FAILURE, { message: "the server failed", cause: error });
  }

  async function* reportedMessages<T>(messages: AsyncIterable<T>, request: StreamRequest): AsyncGenerator<T> {
    try {
      yield* messages;
    } catch (error) {
      throw reported(error, request);
    }
  }

  return (next) =>
    async function reportErrors(request) {
      try {
        const response = await next(request);
        return response.stream
          ? { ...response, message: reportedMessages(response.message, request as StreamRequest) }
          : response;
      } catch (error) {
        throw reported(error, request);
      }
    };
}
