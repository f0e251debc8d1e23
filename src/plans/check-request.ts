import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { NotificationType } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import type { PlanStatus } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import type { FieldViolation } from "../contract/field-violation.ts";
import type { ContractRules } from "./contract-rules.ts";
import { notificationsOf } from "./notifications.ts";
import { brokenTimeRules, type TimeRuleOptions } from "./time-rules.ts";

/** What a create request is checked with. */
export type RequestCheck = {
  readonly rules: ContractRules;
  /** The clock that times are compared with; undefined leaves this to the server. */
  readonly times: Omit<TimeRuleOptions, "violations"> | undefined;
};

/** What is wrong with a create request, and what it would send. */
export type CheckedRequest = {
  /** All violations, in the order in which a server lists them; an error lists those that `limitViolations` leaves. */
  readonly violations: FieldViolation[];
  /** Notifications of its status, which are sent if it is accepted. None for a plan group. */
  readonly notifications: NotificationType[];
};

/**
 * Checks the request of a create as every server, client and page of this project does: by the rules of the contract, and
 * for a plan status by those of the current time and of notifications. Violations have the paths of RPC, such as
 * `planStatus.plans[0].planId`.
 */
export function checkRequest<Desc extends DescMessage>(
  desc: Desc,
  request: MessageShape<Desc>,
  { rules, times }: RequestCheck,
): CheckedRequest {
  const violations = rules(desc, request);
  const { planStatus } = request as { planStatus?: PlanStatus };
  if (planStatus === undefined) {
    return { violations, notifications: [] };
  }
  const late = times === undefined ? [] : brokenTimeRules(planStatus, "planStatus", { ...times, violations });
  const { types, violations: unsendable } = notificationsOf(planStatus, "planStatus");
  violations.push(...late, ...unsendable);
  return { violations, notifications: types };
}
