import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { ErrorReason } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError, countedError } from "../contract/api-error.ts";
import { type CallFacts, callFactsKey, settleOutcome } from "./telemetry/call-facts.ts";

/** Logs an unexpected error of the server, with the call that it failed. */
export type LogFailure = (cause: unknown, method: string, call?: CallFacts) => void;

/**
 * Creates the interceptor that reports the errors of RPC calls, and turns each unexpected one into INTERNAL with a
 * fixed message. REST calls report theirs through `onError` and `onFailure` of the transcoding handler.
 */
export function createFailureInterceptor(logFailure: LogFailure): Interceptor {
  return (next) =>
    async function reportErrors(request) {
      try {
        return await next(request);
      } catch (error) {
        const call = request.contextValues.get(callFactsKey);
        settleOutcome(call, { error });
        const counted = countedError(error);
        if (
          counted instanceof ConnectError &&
          counted.code !== Code.Internal &&
          counted.code !== Code.Unknown
        ) {
          throw error;
        }
        logFailure(error, String(request.method), call);
        throw apiError(ErrorReason.SERVER_FAILURE, { message: "the server failed", cause: error });
      }
    };
}
