import { type Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import type { ErrorReason } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { errorDomain } from "../contract/api-error.ts";
import type { FieldViolation } from "../contract/field-violation.ts";
import { statusNameOf } from "../transcoding/client/index.ts";

/** A failed call in terms that a program can act on; the same on every protocol, and for Google's own errors. */
export type CallError = {
  /** Canonical code; with that of Connect's `Code`. */
  readonly code: Code;
  /** Name of the code as Google's APIs write it, such as `INVALID_ARGUMENT`. */
  readonly status: string;
  /** For people, without the code. */
  readonly message: string;
  /**
   * Name of an `ErrorReason` if the server is one of this project; other servers have reasons of their own. Absent
   * if the error names none, such as one that never reached a server.
   */
  readonly reason: keyof typeof ErrorReason | (string & {}) | undefined;
  /** Values that the contract names for the reason, such as `storedUpdateTime` for PLAN_STATUS_STALE. */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * Every broken rule. Paths are those of the document that was sent: `planStatus.plans[0].planId` over RPC,
   * `plans[0].planId` over REST, where the body is the status alone.
   */
  readonly violations: readonly FieldViolation[];
  /** After how many milliseconds a repetition may succeed: from RetryInfo, else from the header Retry-After. */
  readonly retryAfterMs: number | undefined;
};

/**
 * Reads what a call raised. `nowMs`, milliseconds since the epoch, is for a Retry-After that is a date.
 *
 * ```ts
 * const { reason, violations } = readError(error);
 * if (reason === "PLAN_STATUS_STALE") { … }
 * ```
 *
 * What is no ConnectError reads as code UNKNOWN with nothing but a message.
 */
export function readError(error: unknown, nowMs: number = Date.now()): CallError {
  const failure = ConnectError.from(error);
  const infos = failure.findDetails(ErrorInfoSchema);
  const info = infos.find(({ domain }) => domain === errorDomain) ?? infos[0];
  return {
    code: failure.code,
    status: statusNameOf[failure.code] ?? "UNKNOWN",
    message: failure.rawMessage,
    reason: info?.reason || undefined,
    metadata: { ...info?.metadata },
    violations: failure
      .findDetails(BadRequestSchema)
      .flatMap(({ fieldViolations }) =>
        fieldViolations.map(({ field, description }) => ({ field, description })),
      ),
    retryAfterMs: retryInfoMs(failure) ?? retryAfterHeaderMs(failure, nowMs),
  };
}

function retryInfoMs(error: ConnectError): number | undefined {
  const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  return delay && Math.max(0, Number(delay.seconds) * 1000 + Math.ceil(delay.nanos / 1_000_000));
}

/** RFC 9110 10.2.3: seconds, or a date. */
function retryAfterHeaderMs(error: ConnectError, nowMs: number): number | undefined {
  const text = error.metadata.get("retry-after")?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) {
    return Number(text) * 1000;
  }
  // Date.parse takes far more than HTTP's dates, a bare number among it.
  const date = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
