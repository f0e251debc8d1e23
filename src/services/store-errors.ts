import { ErrorReason } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError } from "../contract/api-error.ts";
import { StoreUnavailable } from "../store/plan-store.ts";

/** Settles as a call of the store does, except that StoreUnavailable becomes UNAVAILABLE with RetryInfo. */
export async function mapStoreErrors<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    if (cause instanceof StoreUnavailable) {
      throw apiError(ErrorReason.STORE_UNAVAILABLE, {
        message: "the store is unavailable; the request is safe to retry",
        retryAfterMs: 1_000,
        cause,
      });
    }
    throw cause;
  }
}
