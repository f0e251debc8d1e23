import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "#deps/google/rpc/code_pb.js";
import {
  Fault_Cut as Cut,
  type Fault,
  FaultSchema,
} from "../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { ErrorReason } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { parentOf } from "../contract/resource-names.ts";

/** How calls fail: with an error, by a cut connection, late, or late and then so. */
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

/** Returns the fault of a failure. */
export function faultOf({ delayMs, count = 1, ...failure }: Failure): Fault {
  const { method = "", operator, clientId = "", userKey = "" } = failure;
  return create(FaultSchema, {
    match: { method, operator: operator === undefined ? "" : parentOf(operator), clientId, userKey },
    ...(delayMs !== undefined && { delay: durationFromMs(delayMs) }),
    effect: effectOf(failure),
    frequency: { case: "nextCalls", value: count },
  });
}

type Effect = NonNullable<MessageInitShape<typeof FaultSchema>["effect"]>;

function effectOf({ reason, code, message, retryAfterMs, cut }: Failure): Effect {
  if (cut !== undefined) {
    return { case: "cut", value: cuts[cut] };
  }
  if (reason === undefined && code === undefined) {
    return { case: undefined };
  }
  return {
    case: "error",
    value: {
      ...(reason !== undefined && { reason: ErrorReason[reason] }),
      ...(code !== undefined && { code: Code[code] }),
      ...(message !== undefined && { message }),
      ...(retryAfterMs !== undefined && { retryDelay: durationFromMs(retryAfterMs) }),
    },
  };
}
