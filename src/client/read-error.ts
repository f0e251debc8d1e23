import { type Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import type { ErrorReason } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { errorDomain } from "../contract/api-error.ts";
import type { FieldViolation } from "../contract/field-violation.ts";
import { statusNameOf } from "../transcoding/client/index.ts";

/** An error that a program can act on, the same on every protocol and for Google's own errors. */
export type CallError = {
  /** Canonical code. */
  readonly code: Code;
  /** Name of the code as Google's APIs write it, such as `INVALID_ARGUMENT`. */
  readonly status: string;
  /** Text for people, without the code. */
  readonly message: string;
  /** Name of an `ErrorReason`, or another server's own reason; absent if the error has none, such as a broken connection. */
  readonly reason: keyof typeof ErrorReason | (string & {}) | undefined;
  /** Values that the contract defines for the reason, such as `storedUpdateTime` for PLAN_STATUS_STALE. */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * Every violation. Paths are those of the document that was sent: `planStatus.plans[0].planId` over RPC,
   * `plans[0].planId` over REST, where the body is the status itself.
   */
  readonly violations: readonly FieldViolation[];
  /** Milliseconds after which a retry may succeed: from RetryInfo, else from the Retry-After header. */
  readonly retryAfterMs: number | undefined;
};

/**
 * Reads the error of a call. Anything that is not a ConnectError becomes UNKNOWN with a message only. `nowMs`, in
 * milliseconds since the epoch, applies to a Retry-After that is a date and defaults to the current time.
 *
 * ```ts
 * try {
 *   await client.createPlanStatus({ parent: "operators/65001", userKey: "a/b+c==", planStatus });
 * } catch (error) {
 *   const { reason, violations, metadata } = readError(error);
 *   if (reason === "FIELD_INVALID") console.error(violations); // [{ field: "languageCode", description: "…" }]
 *   if (reason === "PLAN_STATUS_STALE") console.error(`already pushed at ${metadata.storedUpdateTime}`);
 * }
 * ```
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

/** RFC 9110 10.2.3: seconds or a date. */
function retryAfterHeaderMs(error: ConnectError, nowMs: number): number | undefined {
  const text = error.metadata.get("retry-after")?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) {
    return Number(text) * 1000;
  }
  // Date.parse also accepts text that is not an HTTP date, such as a bare number.
  const date = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
