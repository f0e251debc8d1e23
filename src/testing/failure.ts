import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "#deps/google/rpc/code_pb.js";
import {
  Fault_Cut as Cut,
  type Fault,
  FaultSchema,
} from "../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { ErrorReason } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import {
  durationOf,
  namedValue,
  operatorOf,
  rejectArgument,
  requireKnownProperties,
} from "./check-arguments.ts";

/** How calls fail: with an error or a cut connection, after a delay, or only late. */
export type Failure = {
  /** Reason of the error, which determines its code. */
  readonly reason?: keyof typeof ErrorReason | undefined;
  /** Code of an error without a reason, such as `UNAVAILABLE` (503) or `RESOURCE_EXHAUSTED` (429). */
  readonly code?: keyof typeof Code | undefined;
  /** Message of the error. */
  readonly message?: string | undefined;
  /** When a retry may succeed, in ms: RetryInfo, and in whole seconds Retry-After. */
  readonly retryAfterMs?: number | undefined;
  /**
   * Cuts the connection: before the call does anything; before its answer, so that a push is stored but its caller does
   * not learn it; or within its answer.
   */
  readonly cut?: "beforeProcessing" | "beforeAnswer" | "withinAnswer" | undefined;
  /** Delays the call, in ms of real time. */
  readonly delayMs?: number | undefined;
  /** How many calls fail. Defaults to 1. */
  readonly count?: number | undefined;
  /** Only calls of this method, such as `CreatePlanStatus`. */
  readonly method?: string | undefined;
  /** Only calls about this operator, by its ASN. */
  readonly operator?: number | undefined;
  /** Only calls for this client, such as `youtube`. */
  readonly clientId?: string | undefined;
  /** Only calls about these user keys or plan group ids, a pattern such as `+1415*`. */
  readonly userKey?: string | undefined;
};

const cuts: Readonly<Record<NonNullable<Failure["cut"]>, Cut>> = {
  beforeProcessing: Cut.BEFORE_PROCESSING,
  beforeAnswer: Cut.BEFORE_ANSWER,
  withinAnswer: Cut.WITHIN_ANSWER,
};

const properties: Readonly<Record<keyof Failure, true>> = {
  reason: true,
  code: true,
  message: true,
  retryAfterMs: true,
  cut: true,
  delayMs: true,
  count: true,
  method: true,
  operator: true,
  clientId: true,
  userKey: true,
};

/** Returns the fault of a failure. Throws RangeError for one that no fault can express. */
export function faultOf(failure: Failure): Fault {
  requireKnownProperties("a failure", failure, properties);
  const { delayMs, count = 1 } = failure;
  if (!Number.isInteger(count) || count < 1 || count > mostCalls) {
    rejectArgument("count", count, `must be a whole number from 1 to ${mostCalls}`);
  }
  const { method = "", operator, clientId = "", userKey = "" } = failure;
  return create(FaultSchema, {
    match: {
      method,
      operator: operator === undefined ? "" : operatorOf("operator", operator),
      clientId,
      userKey,
    },
    ...(delayMs !== undefined && { delay: durationOf("delayMs", delayMs) }),
    effect: effectOf(failure),
    frequency: { case: "nextCalls", value: count },
  });
}

/** The most that int32 can express. */
const mostCalls = 2 ** 31 - 1;

type Effect = NonNullable<MessageInitShape<typeof FaultSchema>["effect"]>;

function effectOf({ reason, code, message, retryAfterMs, cut }: Failure): Effect {
  const [errorField] =
    Object.entries({ reason, code, message, retryAfterMs }).find(([, value]) => value !== undefined) ?? [];
  if (cut !== undefined) {
    if (errorField !== undefined) {
      rejectArgument(
        "cut",
        cut,
        `must not be combined with ${errorField}: a call whose connection is cut has no error`,
      );
    }
    return { case: "cut", value: namedValue("cut", cut, cuts) };
  }
  if (reason === undefined && code === undefined) {
    if (errorField !== undefined) {
      throw new RangeError(`reason: value is required, or a code, because ${errorField} belongs to an error`);
    }
    return { case: undefined };
  }
  return {
    case: "error",
    value: {
      ...(reason !== undefined && { reason: namedValue("reason", reason, ErrorReason, errorReasons) }),
      ...(code !== undefined && { code: namedValue("code", code, Code, codes) }),
      ...(message !== undefined && { message }),
      ...(retryAfterMs !== undefined && { retryDelay: durationOf("retryAfterMs", retryAfterMs) }),
    },
  };
}

/** The reasons that an error may have. */
export const errorReasons = namesOf(ErrorReason, "ERROR_REASON_UNSPECIFIED");

const codes = namesOf(Code, "OK");

/** Returns the names of an enum except the one that is not an error. Some enums also have a property for each number. */
function namesOf(values: object, without: string): readonly string[] {
  return Object.keys(values).filter((name) => name !== without && !/^\d/.test(name));
}
