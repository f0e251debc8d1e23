import type { DescMessage } from "@bufbuild/protobuf";
import type { NotificationType } from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import {
  CreatePlanGroupRequestSchema,
  PlanGroupService,
} from "../../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import {
  CreatePlanStatusRequestSchema,
  CreateUserPlanStatusRequestSchema,
  PlanStatusService,
} from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import type { PlanStatus } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { type FieldViolation, limitViolations } from "../../contract/field-violation.ts";
import { checkRequest } from "../../plans/check-request.ts";
import { sharedContractRules } from "../../plans/contract-rules.ts";
import { listLimitOf } from "../../plans/list-limits.ts";
import { createBodyTextReader, httpBindingsOf, pathInBody } from "../../transcoding/client/index.ts";

/** Where a status would be pushed, and when it would arrive. */
export type PushTarget = {
  readonly method: "createUserPlanStatus" | "createPlanStatus" | "createPlanGroup";
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
  /** The status, if it could be read, with these notifications. */
  readonly status: PlanStatus | undefined;
};

const options = { listLimits: listLimitOf };
const bindings = [...httpBindingsOf(PlanStatusService), ...httpBindingsOf(PlanGroupService)];
const methods = {
  createUserPlanStatus: methodOf(CreateUserPlanStatusRequestSchema),
  createPlanStatus: methodOf(CreatePlanStatusRequestSchema),
  createPlanGroup: methodOf(CreatePlanGroupRequestSchema),
};

function methodOf(desc: DescMessage) {
  const binding = bindings.find(({ method }) => method.input === desc);
  if (binding === undefined) {
    throw new Error(`${desc} is not the request of a method`);
  }
  // The field of the request that is the body; the body of a group is the request.
  const bodyPath = binding.body === "*" ? undefined : "planStatus";
  return { desc, bodyPath, read: createBodyTextReader(binding, options) };
}

/**
 * Checks the text of a body as the emulator would, with the same code: what it answers to the same body over REST. The
 * first call takes about 0.1 s, because it compiles the rules.
 *
 * A page cannot know what depends on the emulator: whether a newer status is stored, whether a device has registered the
 * user key if that is enforced, what the token allows, which errors are injected, and the maximum size of a request.
 */
export function checkStatus(text: string, target: PushTarget): StatusCheck {
  const { desc, bodyPath, read } = methods[target.method];
  const body = read(text);
  if ("violations" in body) {
    return rejected(body.violations, bodyPath);
  }
  const { parent, clientId, userKey, nowMs, clockSkewMs } = target;
  const request = Object.assign(body.message, {
    parent,
    ...(target.method !== "createPlanGroup" && { userKey: userKey.toWellFormed() }),
    ...(target.method === "createUserPlanStatus" && { clientId }),
  });
  const { violations, notifications } = checkRequest(desc, request as never, {
    rules: sharedContractRules(),
    times: { nowMs, clockSkewMs },
  });
  if (violations.length > 0) {
    return rejected(violations, bodyPath);
  }
  const { planStatus: status } = request as { planStatus?: PlanStatus };
  return { violations, notifications, status: status && { ...status, notifications } };
}

function rejected(violations: readonly FieldViolation[], bodyPath: string | undefined): StatusCheck {
  const listed = limitViolations(violations).map(({ field, description }) => ({
    field: bodyPath === undefined ? field : pathInBody(field, bodyPath),
    description,
  }));
  return { violations: listed, notifications: [], status: undefined };
}
