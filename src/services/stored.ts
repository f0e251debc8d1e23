import { ErrorReason } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError } from "../contract/api-error.ts";
import { StoreUnavailable } from "../store/plan-store.ts";

/** How long a caller is asked to wait when the store cannot serve, in milliseconds. */
const retryAfterMs = 1_000;

/** Passes on what the store answers; a store that cannot serve becomes UNAVAILABLE with RetryInfo. */
export async function stored<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    if (cause instanceof StoreUnavailable) {
      throw apiError(ErrorReason.STORE_UNAVAILABLE, {
        message: "the store cannot serve for now; repeating the request is safe",
        retryAfterMs,
        cause,
      });
    }
    throw cause;
  }
}
