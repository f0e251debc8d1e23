import { create } from "@bufbuild/protobuf";
import type { NotificationType } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { CreatePlanStatusRequestSchema } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { type PlanStatus, PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { type FieldViolation, limitViolations } from "../contract/field-violation.ts";
import { checkRequest } from "../plans/check-request.ts";
import { sharedContractRules } from "../plans/contract-rules.ts";
import { longListsIn } from "../plans/list-limits.ts";
import { createWithDates, type InitWithDates, type Moment, msOf } from "./dates.ts";

export type ValidateOptions = {
  /** Time at which the push would arrive. Defaults to the current time. */
  now?: Moment;
  /** Maximum time that `updateTime` may lie in the future, in milliseconds. Defaults to 60,000, as in `mdps serve`. */
  clockSkewMs?: number;
};

/** What a server would answer to a status. */
export type Validation = {
  /** The violations, as many as a server reports and in its order; paths begin at the status: `plans[0].planId`. */
  readonly violations: readonly FieldViolation[];
  /** Notifications that a push would send, one per trigger, in the server's order; empty if there are violations. */
  readonly notifications: readonly NotificationType[];
};

/**
 * Checks a status against the contract's rules without a server, with the server's own code, and predicts the
 * notifications. The first call takes about 0.1 s, because it compiles the rules.
 *
 * ```ts
 * const { violations, notifications } = validate({ languageCode: "", plans: [] });
 * for (const { field, description } of violations) console.error(`${field}: ${description}`); // languageCode: …
 * ```
 *
 * Times may be Dates. Throws TypeError, which names the field, for a time that is neither a Date nor a Timestamp.
 *
 * It cannot check what depends on the server: whether a newer status is stored, what the token allows, and the maximum
 * size of a request.
 */
export function validate(
  planStatus: InitWithDates<PlanStatus>,
  { now = Date.now(), clockSkewMs = 60_000 }: ValidateOptions = {},
): Validation {
  const nowMs = msOf(now, "now");
  const status = createWithDates(PlanStatusSchema, planStatus);
  // A whole request, because a rule about the status itself has a field path only inside one.
  const request = create(CreatePlanStatusRequestSchema, {
    parent: "operators/1",
    userKey: "-",
    planStatus: status,
  });
  const rules = sharedContractRules();
  // A server reads no status with such lists, and finds nothing else.
  const isUnread = longListsIn(CreatePlanStatusRequestSchema, request).length > 0;
  const checked = isUnread
    ? { violations: rules(CreatePlanStatusRequestSchema, request), notifications: [] }
    : checkRequest(CreatePlanStatusRequestSchema, request, {
        rules,
        times: { nowMs, clockSkewMs },
      });
  const violations = limitViolations(checked.violations).map(({ field, description }) => ({
    field: field.replace("planStatus.", ""),
    description,
  }));
  return { violations, notifications: violations.length === 0 ? checked.notifications : [] };
}
