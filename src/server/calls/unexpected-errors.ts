import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError } from "../../contract/api-error.ts";
import { type RequestRecord, requestRecordKey } from "../telemetry/request-record.ts";

/** Takes note of a mistake of ours, and of which request met it. The caller is only told that there was one. */
export type LogFailure = (cause: unknown, method: string, record?: RequestRecord) => void;

/** Creates the interceptor that turns every unforeseen exception into INTERNAL with a fixed text. */
export function createFailureInterceptor(log: LogFailure): Interceptor {
  return (next) => async (request) => {
    try {
      return await next(request);
    } catch (cause) {
      if (cause instanceof ConnectError && cause.code !== Code.Internal && cause.code !== Code.Unknown) {
        throw cause;
      }
      log(cause, String(request.method), request.contextValues.get(requestRecordKey));
      throw apiError(ErrorReason.SERVER_FAILURE, { message: "the server failed", cause });
    }
  };
}
