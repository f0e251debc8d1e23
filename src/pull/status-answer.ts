import { create } from "@bufbuild/protobuf";
import type { NotificationType } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { CreateUserPlanStatusRequestSchema } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { type PlanStatus, PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import type { Clock } from "../contract/clock.ts";
import { contractCodecs } from "../contract/contract-types.ts";
import { type FieldViolation, limitViolations } from "../contract/field-violation.ts";
import type { UnknownFields } from "../contract/unknown-names/unknown-fields.ts";
import { checkRequest } from "../plans/check-request.ts";
import { sharedContractRules } from "../plans/contract-rules.ts";
import { createRulesBeyondLimits } from "../plans/own-limits.ts";
import { createTolerantRules } from "../plans/undefined-enums.ts";
import { type Findings, separate } from "../push/input/leniency.ts";
import { createJsonReader, parseJsonDocument } from "../transcoding/index.ts";
import { isObject } from "./answer-rules.ts";
import { error, type Problem, warning } from "./finding.ts";

/** A plan status in an answer. */
export type StatusAnswer = {
  /** Absent if it is not valid. */
  readonly planStatus?: PlanStatus;
  /** The notifications that Google would send if this status was pushed. */
  readonly notifications: readonly NotificationType[];
  readonly problems: readonly Problem[];
};

/** For whom the status was pulled, and the rules that can be chosen. */
export type StatusAnswerOptions = {
  readonly userKey: string;
  readonly clientId: string;
  /** What to do with fields and enum values that the contract does not know. Defaults to `refuse`, as `mdps validate` does. */
  readonly unknownFields?: UnknownFields | undefined;
  readonly clock: Clock;
  /** How far in the future an `updateTime` may lie, in milliseconds. */
  readonly clockSkewMs: number;
};

/** Any operator: the answer names none. */
const parent = "operators/65001";

/**
 * Creates the check of bodies that are a PlanStatus. Its rules are those of a push to Google: of the contract, of the
 * current time and of notifications, all at once. Limits of this project are warnings.
 */
export function createStatusCheck(options: StatusAnswerOptions): (body: Uint8Array) => StatusAnswer {
  const { userKey, clientId, unknownFields = "refuse", clock, clockSkewMs } = options;
  let unknown: FieldViolation[] = [];
  const onUnknownField = (skipped: FieldViolation) => unknown.push(skipped);
  // Skipped in any case, so that they hide no other violation.
  const read = createJsonReader(PlanStatusSchema, {
    ignoreUnknownFields: true,
    onUnknownField,
    codecs: contractCodecs,
  });
  const contractRules = sharedContractRules();
  const rules = createRulesBeyondLimits(
    unknownFields === "refuse" ? contractRules : createTolerantRules(contractRules, onUnknownField),
  );

  return function checkStatus(body) {
    unknown = [];
    const document = parseJsonDocument(body);
    if ("violations" in document) {
      return { notifications: [], problems: document.violations.map(asError) };
    }
    if (!isObject(document.json)) {
      return { notifications: [], problems: [error("body", "must be a JSON object: a PlanStatus")] };
    }
    const result = read(document);
    if ("violations" in result) {
      const skipped = unknownFields === "ignore" ? [] : unknown;
      const own = limitViolations(skipped).map(unknownFields === "refuse" ? asError : asWarning);
      return { notifications: [], problems: [...own, ...limitViolations(result.violations).map(asError)] };
    }
    const planStatus = result.message;
    const request = create(CreateUserPlanStatusRequestSchema, { parent, clientId, userKey });
    request.planStatus = planStatus;
    const checked = checkRequest(CreateUserPlanStatusRequestSchema, request, {
      rules,
      times: { nowMs: clock.now(), clockSkewMs, clockName: "this machine's clock" },
    });
    const { violations, warnings } = judge(checked.violations);
    const problems = [
      ...limitViolations(violations).map(asError),
      ...limitViolations(warnings).map(asWarning),
    ];
    return violations.length > 0
      ? { notifications: [], problems }
      : { planStatus, notifications: checked.notifications, problems };
  };

  /** Separates what Google would reject from warnings. */
  function judge(found: readonly FieldViolation[]): Findings {
    const inRequest = unknown.map((each) => ({ ...each, field: `planStatus.${each.field}` }));
    const { violations, warnings } = separate(found, inRequest, { unknownFields, exceedsLimits: true });
    if (unknownFields !== "refuse") {
      return { violations, warnings };
    }
    // An enum value that is not known is not missing, too.
    const skipped = new Set(inRequest.map(({ field }) => field));
    return { violations: [...inRequest, ...violations.filter(({ field }) => !skipped.has(field))], warnings };
  }
}

/** Paths of the request begin at the status. */
function inAnswer(field: string): string {
  const path = field.replace(/^planStatus\.?/, "");
  return path === "" || path === "request" ? "body" : path;
}

function asError({ field, description }: FieldViolation): Problem {
  return error(inAnswer(field), description);
}

function asWarning({ field, description }: FieldViolation): Problem {
  return warning(inAnswer(field), description);
}
