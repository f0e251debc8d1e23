import { Code, type ConnectError } from "@connectrpc/connect";
import { readError } from "../../client/index.ts";
import type { FieldViolation } from "../../contract/field-violation.ts";

/** Why a server did not accept a record. */
export type Rejection = {
  /** Name of the canonical code, such as INVALID_ARGUMENT. */
  readonly code: string;
  /** Reason of the ErrorInfo, such as FIELD_INVALID; the name of the code if there is none. */
  readonly reason: string;
  readonly message: string;
  readonly violations: readonly FieldViolation[];
  readonly metadata: Readonly<Record<string, string>>;
};

/** How one attempt to push a record ended. */
export type Outcome =
  | { readonly kind: "pushed" }
  /** A newer status of the user is already stored, so nothing is left to do. */
  | ({ readonly kind: "superseded" } & Rejection)
  /** A retry would fail too. */
  | ({ readonly kind: "rejected" } & Rejection)
  /** A retry may succeed: there was no answer, or the server is overloaded. */
  | ({ readonly kind: "retry"; readonly retryAfterMs: number | undefined } & Rejection)
  /** The access token was rejected. */
  | ({ readonly kind: "unauthenticated" } & Rejection);

/** Codes after which the same request may succeed. A deadline may have passed at any hop. */
const transientCodes: readonly Code[] = [Code.Unavailable, Code.ResourceExhausted, Code.DeadlineExceeded];

/** HTTP statuses that gateways answer with when they do not reach the server; their codes differ. */
const transientStatuses: readonly number[] = [408, 429, 502, 503, 504];

/** Returns the outcome that an error means for the record. `httpStatus` is that of the answer over REST. */
export function outcomeOfError(error: ConnectError, httpStatus?: number): Outcome {
  const { status, reason = status, message, violations, metadata, retryAfterMs } = readError(error);
  const rejection = { code: status, reason, message, violations, metadata };
  if (error.code === Code.Unauthenticated) {
    return { kind: "unauthenticated", ...rejection };
  }
  if (error.code === Code.Aborted) {
    return { kind: "superseded", ...rejection };
  }
  const isTooLarge = reason === "REQUEST_TOO_LARGE" || httpStatus === 413;
  if (!isTooLarge && (transientCodes.includes(error.code) || transientStatuses.includes(httpStatus ?? 0))) {
    return { kind: "retry", retryAfterMs, ...rejection };
  }
  return { kind: "rejected", ...rejection };
}

/** Returns the outcome of a request that got no answer, or an answer that is not from this API. */
export function noAnswer(message: string, code = "UNAVAILABLE"): Outcome & { kind: "retry" } {
  return {
    kind: "retry",
    retryAfterMs: undefined,
    code,
    reason: code,
    message,
    violations: [],
    metadata: {},
  };
}
