import { create, getExtension } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { type Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import { ErrorReason, ErrorReasonSchema, reason_spec } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import type { FieldViolation } from "./field-violation.ts";

/** `ErrorInfo.domain` of every error of this contract. */
export const errorDomain = "mobile-data-plan-sharing";

/** Details of an error beside its reason. */
export type ApiErrorInit = {
  /** For people. */
  message: string;
  /** Values for the metadata keys that the contract names for this reason. */
  metadata?: Readonly<Record<string, string>>;
  /** Sent as google.rpc.BadRequest. */
  violations?: readonly FieldViolation[];
  /** After how many milliseconds a repetition may succeed; sent as google.rpc.RetryInfo and in Retry-After. */
  retryAfterMs?: number;
  /** Response headers. */
  headers?: Readonly<Record<string, string>>;
  /** What went wrong inside. Logged, never sent. */
  cause?: unknown;
};

/**
 * How large the violations of an error may be together, in bytes of binary protobuf. gRPC sends them in a trailer, as
 * base64: many clients take 8 KiB of trailers and lose the whole error, code included, over more.
 */
const mostViolationBytes = 5_000;

type Outcome = { readonly code: Code; readonly reason: string };

const outcomes: ReadonlyMap<ErrorReason, Outcome> = new Map(
  ErrorReasonSchema.values.flatMap((value) => {
    const options = value.proto.options;
    // google.rpc.Code and Connect's Code count alike.
    const code = options && (getExtension(options, reason_spec).code as number as Code);
    return code === undefined ? [] : [[value.number as ErrorReason, { code, reason: value.name }]];
  }),
);

/** Returns the error for a reason of the contract, with the code that the contract gives it. */
export function apiError(reason: ErrorReason, init: ApiErrorInit): ConnectError {
  const outcome = outcomes.get(reason);
  if (outcome === undefined) {
    throw new Error(`the contract gives no code to reason ${reason}`);
  }
  const headers = {
    ...init.headers,
    // RFC 9110 10.2.3, for what looks at no details: whole seconds.
    ...(init.retryAfterMs !== undefined && { "retry-after": String(Math.ceil(init.retryAfterMs / 1000)) }),
  };
  const error = new ConnectError(init.message, outcome.code, headers, undefined, init.cause);
  error.details.push({
    desc: ErrorInfoSchema,
    value: create(ErrorInfoSchema, {
      reason: outcome.reason,
      domain: errorDomain,
      metadata: { ...init.metadata },
    }),
  });
  if (init.violations !== undefined) {
    error.details.push({
      desc: BadRequestSchema,
      value: create(BadRequestSchema, { fieldViolations: listable(init.violations) }),
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

/** Returns the violations that an error has room for: all but in the worst of requests. */
function listable(violations: readonly FieldViolation[]): FieldViolation[] {
  let bytes = 0;
  return violations.filter(({ field, description }) => {
    // Besides its two texts a violation has three tags with lengths, of at most eight bytes.
    bytes += field.length + description.length + 8;
    return bytes <= mostViolationBytes;
  });
}

/** Returns the reason that an error names; undefined for one that names none. */
export function errorReasonOf(error: ConnectError): string | undefined {
  return error.findDetails(ErrorInfoSchema)[0]?.reason;
}

/** Returns the error for broken rules: INVALID_ARGUMENT that lists them, and says how many there are. */
export function invalidFields(violations: readonly FieldViolation[]): ConnectError {
  const [first] = violations;
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : "";
  return apiError(ErrorReason.FIELD_INVALID, {
    message: first ? `${first.field}: ${first.description}${more}` : "the request breaks a rule",
    violations,
  });
}
