import { Code, type ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import type { FieldViolation } from "../../contract/field-violation.ts";
import { statusNameOf } from "../../transcoding/index.ts";

/** Why a server did not take a record. */
export type Refused = {
  /** Name of the canonical code, such as INVALID_ARGUMENT. */
  readonly code: string;
  /** Of the ErrorInfo, such as FIELD_INVALID; the name of the code where there is none. */
  readonly reason: string;
  readonly message: string;
  readonly violations: readonly FieldViolation[];
  readonly metadata: Readonly<Record<string, string>>;
};

/** How one attempt to push a record ended. */
export type Outcome =
  | { readonly kind: "pushed" }
  /** A later status of the user is stored: there is nothing to do any more. */
  | ({ readonly kind: "superseded" } & Refused)
  /** It will not be taken, however often it is sent. */
  | ({ readonly kind: "refused" } & Refused)
  /** It may be taken later: nobody answered, or somebody without time for it. */
  | ({ readonly kind: "later"; readonly retryAfterMs: number | undefined } & Refused)
  /** The access token is not accepted. */
  | ({ readonly kind: "unauthenticated" } & Refused);

/** Codes after which the same request may succeed. A deadline may have passed anywhere on the way. */
const passing: readonly Code[] = [Code.Unavailable, Code.ResourceExhausted, Code.DeadlineExceeded];

/** HTTP statuses that gateways answer with for a server that they do not reach; their codes differ. */
const passingStatuses: readonly number[] = [408, 429, 502, 503, 504];

/** Tells what an error means for the record. `httpStatus`: of the answer, if it came over REST. */
export function outcomeOfError(error: ConnectError, httpStatus?: number): Outcome {
  const refused = refusedOf(error);
  const tooLarge = refused.reason === "REQUEST_TOO_LARGE" || httpStatus === 413;
  if (error.code === Code.Unauthenticated) {
    return { kind: "unauthenticated", ...refused };
  }
  if (error.code === Code.Aborted) {
    return { kind: "superseded", ...refused };
  }
  if (!tooLarge && (passing.includes(error.code) || passingStatuses.includes(httpStatus ?? 0))) {
    return { kind: "later", retryAfterMs: retryAfterMs(error), ...refused };
  }
  return { kind: "refused", ...refused };
}

/** Returns the outcome of a request that got no answer, or one that is none of this API. */
export function noAnswer(message: string): Outcome & { kind: "later" } {
  const unavailable = { code: "UNAVAILABLE", reason: "UNAVAILABLE", message, violations: [], metadata: {} };
  return { kind: "later", retryAfterMs: undefined, ...unavailable };
}

function refusedOf(error: ConnectError): Refused {
  const code = statusNameOf[error.code];
  const [info] = error.findDetails(ErrorInfoSchema);
  const violations = error.findDetails(BadRequestSchema).flatMap(({ fieldViolations }) => fieldViolations);
  return {
    code,
    reason: info?.reason || code,
    message: error.rawMessage,
    violations: violations.map(({ field, description }) => ({ field, description })),
    metadata: { ...info?.metadata },
  };
}

/** How long the server asks to wait, in milliseconds: RetryInfo, or the header with seconds or a date. */
function retryAfterMs(error: ConnectError): number | undefined {
  const [info] = error.findDetails(RetryInfoSchema);
  if (info?.retryDelay !== undefined) {
    return Math.max(0, Number(info.retryDelay.seconds) * 1000 + info.retryDelay.nanos / 1e6);
  }
  const header = error.metadata.get("retry-after")?.trim();
  if (!header) {
    return undefined;
  }
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
