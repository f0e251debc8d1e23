import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { NotificationType } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { CreatePlanStatusRequestSchema } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import type { FieldViolation } from "../contract/field-violation.ts";
import { createContractRules } from "../plans/contract-rules.ts";
import { notificationsOf } from "../plans/notifications.ts";
import { brokenTimeRules } from "../plans/time-rules.ts";
import { createTimestampRules } from "../plans/timestamp-rules.ts";
import type { Moment } from "./plan-status-of.ts";

export type ValidateOptions = {
  /** When the push would arrive. Defaults to this moment. */
  now?: Moment;
  /** How far in the future an `updateTime` may lie, in milliseconds. Defaults to 60 000, as `mdps serve` does. */
  clockSkewMs?: number;
};

/** What a server would make of a status. */
export type Validation = {
  /** Every broken rule, in the server's order; paths begin at the status: `plans[0].planId`. */
  readonly violations: readonly FieldViolation[];
  /** The notifications that a push of it sends, one for each trigger, in the server's order; none if a rule is broken. */
  readonly notifications: readonly NotificationType[];
};

/** Where the rules begin their paths; the caller's document has no such field. */
const root = "planStatus";

const timestampRules = createTimestampRules(PlanStatusSchema);
let contractRules: ReturnType<typeof createContractRules> | undefined;

/**
 * Applies the contract's rules to a status without a server, and foretells the notifications: the same rules, by the
 * same code, as the server's.
 *
 * It cannot know what only the server does: whether a later status is stored, whether the token may, how large a
 * request may be. An RPC's paths begin with `planStatus.`; here and over REST they do not. The first call takes about
 * 0.1 s, to compile the rules.
 */
export function validate(
  planStatus: MessageInitShape<typeof PlanStatusSchema>,
  { now = Date.now(), clockSkewMs = 60_000 }: ValidateOptions = {},
): Validation {
  contractRules ??= createContractRules();
  const status = create(PlanStatusSchema, planStatus);
  // A whole request, for a rule about the status itself names a field only as part of one.
  const request = create(CreatePlanStatusRequestSchema, {
    parent: "operators/1",
    userKey: "-",
    planStatus: status,
  });
  const { types, violations: unsendable } = notificationsOf(status, root);
  const violations = [
    ...contractRules(CreatePlanStatusRequestSchema, request),
    ...timestampRules(status, root),
    ...brokenTimeRules(status, root, { nowMs: Number(now), clockSkewMs }),
    ...unsendable,
  ].map(({ field, description }) => ({ field: field.slice(root.length + 1), description }));
  return { violations, notifications: violations.length === 0 ? types : [] };
}
