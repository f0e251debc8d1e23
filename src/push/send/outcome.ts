import { Code, type ConnectError } from "@connectrpc/connect";
import { readError } from "../../client/index.ts";
import type { FieldViolation } from "../../contract/field-violation.ts";
import type { NoAnswer } from "./exchange.ts";

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
  /** A retry may succeed: there was no answer of this API, or the server is overloaded. */
  | ({
      readonly kind: "retry";
      readonly retryAfterMs: number | undefined;
      readonly trouble?: Trouble;
    } & Rejection)
  /** The access token was rejected. */
  | ({ readonly kind: "unauthenticated" } & Rejection)
  /** No record can be pushed to this endpoint as it is. */
  | ({ readonly kind: "unusable" } & Rejection);

/** What prevented an answer of this API. */
export type Trouble = {
  /**
   * The request was not sent; there was no answer to it; one that is not from this API; or such a one that the request is
   * too large. Only the second and the last can be about the record.
   */
  readonly kind: "unreachable" | "silent" | "foreign" | "too-large";
  /** Whether it cannot pass by itself, if the endpoint has never answered: the URL or the certificate is wrong. */
  readonly isLasting: boolean;
};

/** Codes after which the same request may succeed. A deadline may have passed at any hop. */
const transientCodes: readonly Code[] = [Code.Unavailable, Code.ResourceExhausted, Code.DeadlineExceeded];

/** HTTP statuses that gateways answer with when they do not reach the server; their codes differ. */
const transientStatuses: readonly number[] = [408, 429, 502, 503, 504];

/** Returns the outcome that an error means for the record. `httpStatus` is that of the answer over REST. */
export function outcomeOfError(error: ConnectError, httpStatus?: number): Outcome {
  const { status, reason = status, message, violations, metadata, retryAfterMs } = readError(error);
  const rejection = { code: status, reason, message, violations, metadata };
  // A token that lacks the scope is refused for every record, like one that is not valid.
  if (error.code === Code.Unauthenticated || reason === "SCOPE_INSUFFICIENT") {
    return { kind: "unauthenticated", ...rejection };
  }
  if (error.code === Code.Unimplemented || reason === "ROUTE_NOT_FOUND") {
    return { kind: "unusable", ...rejection };
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

/** Ends the message about an answer that is not from this API. */
export const foreignEnding = ": the answer is not from this API";

/** Returns the outcome of a request without an answer of this API. */
export function troubleOf(
  kind: Trouble["kind"],
  message: string,
  more: { isLasting?: boolean; retryAfterMs?: number | undefined; code?: string | undefined } = {},
): Outcome & { kind: "retry" } {
  const { isLasting = false, retryAfterMs, code = "UNAVAILABLE" } = more;
  return {
    kind: "retry",
    retryAfterMs,
    trouble: { kind, isLasting },
    code,
    reason: code,
    message,
    violations: [],
    metadata: {},
  };
}

/** Error codes of connections that fail until somebody changes the URL, the proxy or the certificates. */
const lastingCodes =
  /^(?:ENOTFOUND|EPROTO|proxy|ERR_HTTP2_ERROR|ERR_(?:SSL|TLS|OSSL)_.*|(?:CERT|CRL|UNABLE_TO|ERROR_IN|DEPTH_ZERO|SELF_SIGNED|INVALID|HPE)_.*|HOSTNAME_MISMATCH|PATH_LENGTH_EXCEEDED)$/;

export function isLastingCode(code: string): boolean {
  return lastingCodes.test(code);
}

/** Returns the outcome of a request that got no answer. */
export function noAnswer({ problem, isTimeout, isSent, code = "" }: NoAnswer): Outcome & { kind: "retry" } {
  return troubleOf(isSent ? "silent" : "unreachable", problem, {
    isLasting: isLastingCode(code),
    code: isTimeout ? "DEADLINE_EXCEEDED" : undefined,
  });
}
