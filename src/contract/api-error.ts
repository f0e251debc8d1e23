import { create, getExtension } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import { ErrorReason, ErrorReasonSchema, reason_spec } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { type FieldViolation, limitViolations, summarizeViolations } from "./field-violation.ts";

/** `ErrorInfo.domain` of every error of this contract. */
export const errorDomain = "mobile-data-plan-sharing";

/** The parts of an error that its reason does not determine. */
type ApiErrorInit = {
  /** What is wrong, what was expected and what to do. For people. */
  message: string;
  /** Values for the metadata keys that the contract names for this reason. */
  metadata?: Readonly<Record<string, string>>;
  /** Sent as google.rpc.BadRequest. */
  violations?: readonly FieldViolation[];
  /** When a retry may succeed, in milliseconds from now. Sent as google.rpc.RetryInfo and in Retry-After. */
  retryAfterMs?: number;
  headers?: Readonly<Record<string, string>>;
  /** The internal error. Logged, never sent. */
  cause?: unknown;
};

/** What the contract says about the errors of a reason. */
type Specification = {
  readonly code: Code;
  /** Name of the reason. */
  readonly reason: string;
  /** Keys of the metadata. */
  readonly metadata: readonly string[];
};

const specifications = new Map<ErrorReason, Specification>(
  ErrorReasonSchema.values.flatMap(({ number, name, proto: { options } }) => {
    if (options === undefined) {
      return [];
    }
    const { code, metadata } = getExtension(options, reason_spec);
    // google.rpc.Code and Connect's Code have the same numbers.
    return [[number as ErrorReason, { code: code as number as Code, reason: name, metadata }]];
  }),
);

/** Returns what the contract says about a reason; undefined if it is never sent. */
export function specificationOf(reason: ErrorReason): Specification | undefined {
  return specifications.get(reason);
}

/** Returns the error for a reason, with the code that the contract specifies for it. */
export function apiError(reason: ErrorReason, init: ApiErrorInit): ConnectError {
  const specification = specifications.get(reason);
  if (specification === undefined) {
    throw new Error(`the contract specifies no code for reason ${reason}`);
  }
  const headers = {
    ...init.headers,
    // RFC 9110 10.2.3: whole seconds, for clients that do not read the details.
    ...(init.retryAfterMs !== undefined && { "retry-after": String(Math.ceil(init.retryAfterMs / 1000)) }),
  };
  const error = new ConnectError(init.message, specification.code, headers, undefined, init.cause);
  error.details.push({
    desc: ErrorInfoSchema,
    value: create(ErrorInfoSchema, {
      reason: specification.reason,
      domain: errorDomain,
      metadata: { ...init.metadata },
    }),
  });
  if (init.violations !== undefined) {
    error.details.push({
      desc: BadRequestSchema,
      value: create(BadRequestSchema, { fieldViolations: limitViolations(init.violations) }),
    });
  }
  if (init.retryAfterMs !== undefined) {
    error.details.push({
      desc: RetryInfoSchema,
      value: create(RetryInfoSchema, { retryDelay: durationFromMs(init.retryAfterMs) }),
    });
  }
  return error;
}

const callerErrors = new WeakMap<object, ConnectError>();

/**
 * Returns the error that a protocol requires in the place of an error of the caller, if its code otherwise means that the
 * server failed. It has no reason, because each reason has one code. {@link countedError} returns the original.
 */
export function answeredAs(error: ConnectError, code: Code): ConnectError {
  const answered = new ConnectError(error.rawMessage, code);
  callerErrors.set(answered, error);
  return answered;
}

/** Returns what logs and metrics count for an error, so that no caller can make the server look broken. */
export function countedError(error: unknown): unknown {
  return (error instanceof ConnectError && callerErrors.get(error)) || error;
}

const requested = new WeakSet<ConnectError>();

/**
 * Marks an error that somebody asked for, such as a test, and returns it: it is sent and counted as it is, also if its
 * code means that the server failed.
 */
export function requestedError(error: ConnectError): ConnectError {
  requested.add(error);
  return error;
}

/**
 * Returns whether an error means that the server failed, so that callers must not see it: anything that is no ConnectError,
 * and codes of a failure, unless it is a {@link requestedError} or was the caller's.
 */
export function isFailure(error: unknown): boolean {
  const counted = countedError(error);
  if (!(error instanceof ConnectError && counted instanceof ConnectError)) {
    return true;
  }
  return (counted.code === Code.Internal || counted.code === Code.Unknown) && !requested.has(counted);
}

/** Returns the reason of an error, or undefined if it has no ErrorInfo. */
export function errorReasonOf(error: ConnectError): string | undefined {
  return error.findDetails(ErrorInfoSchema)[0]?.reason;
}

/** Returns the INVALID_ARGUMENT error that lists violations. Its message has the first one and their number. */
export function invalidFields(violations: readonly FieldViolation[]): ConnectError {
  const message = summarizeViolations(violations, ": ");
  return apiError(ErrorReason.FIELD_INVALID, { message, violations });
}
