import type { NotificationType } from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import {
  CreatePlanStatusRequestSchema,
  CreateUserPlanStatusRequestSchema,
  PlanStatusService,
} from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { type FieldViolation, limitViolations } from "../../contract/field-violation.ts";
import { checkRequest } from "../../plans/check-request.ts";
import { sharedContractRules } from "../../plans/contract-rules.ts";
import { listLimitOf } from "../../plans/list-limits.ts";
import { createBodyTextReader, httpBindingsOf, pathInBody } from "../../transcoding/client/index.ts";

/** Where a status would be pushed, and when it would arrive. */
export type PushTarget = {
  readonly method: "createUserPlanStatus" | "createPlanStatus";
  /** Such as `operators/65001`. */
  readonly parent: string;
  /** Only for `createUserPlanStatus`. */
  readonly clientId: string;
  readonly userKey: string;
  /** Time of the emulator's clock, in ms since 1970. */
  readonly nowMs: number;
  /** How far in the future an `updateTime` may lie, in ms. */
  readonly clockSkewMs: number;
};

/** What the emulator would answer to a push over REST. */
export type StatusCheck = {
  /** The violations that the error would list, in its order and with its paths; empty if the status would be stored. */
  readonly violations: readonly FieldViolation[];
  /** Notifications that the push would send, in the order of the answer; empty if there are violations. */
  readonly notifications: readonly NotificationType[];
};

/** The field of the requests that is the body. */
const bodyPath = "planStatus";

const options = { listLimits: listLimitOf };
const bindings = httpBindingsOf(PlanStatusService);
const methods = {
  createUserPlanStatus: methodOf(CreateUserPlanStatusRequestSchema),
  createPlanStatus: methodOf(CreatePlanStatusRequestSchema),
};

function methodOf<
  Desc extends typeof CreateUserPlanStatusRequestSchema | typeof CreatePlanStatusRequestSchema,
>(desc: Desc) {
  const binding = bindings.find(({ method }) => method.input === desc);
  if (binding === undefined) {
    throw new Error(`${desc} is not the request of a method`);
  }
  return { desc, read: createBodyTextReader(binding, options) };
}

/**
 * Checks the text of a status as the emulator would, with the same code: what it answers to the same body over REST. The
 * first call takes about 0.1 s, because it compiles the rules.
 *
 * A page cannot know what depends on the emulator: whether a newer status is stored, whether a device has registered the
 * user key if that is enforced, what the token allows, which errors are injected, and the maximum size of a request.
 */
export function checkStatus(text: string, target: PushTarget): StatusCheck {
  const { desc, read } = methods[target.method];
  const body = read(text);
  if ("violations" in body) {
    return rejected(body.violations);
  }
  const { parent, clientId, userKey, nowMs, clockSkewMs } = target;
  const request = Object.assign(body.message, {
    parent,
    userKey: userKey.toWellFormed(),
    ...(target.method === "createUserPlanStatus" && { clientId }),
  });
  const { violations, notifications } = checkRequest(desc, request as never, {
    rules: sharedContractRules(),
    times: { nowMs, clockSkewMs },
  });
  return violations.length > 0 ? rejected(violations) : { violations, notifications };
}

function rejected(violations: readonly FieldViolation[]): StatusCheck {
  const listed = limitViolations(violations).map(({ field, description }) => ({
    field: pathInBody(field, bodyPath),
    description,
  }));
  return { violations: listed, notifications: [] };
}
