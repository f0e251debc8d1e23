import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { createValidator } from "@bufbuild/protovalidate";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CreateUserPlanStatusRequestSchema } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { PlanModuleSchema, PlanSchema } from "../../gen/mobiledataplansharing/v1/plans_pb.ts";
import type { PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { maxViolations, moreViolations } from "../../src/contract/field-violation.ts";
import { createContractRules } from "../../src/plans/contract-rules.ts";
import { messages } from "../support/messages.ts";
import { planStatus } from "../support/plan-statuses.ts";
import { countedList } from "../support/worst-case/counted-list.ts";

const rules = createContractRules();
const desc = CreateUserPlanStatusRequestSchema;

function request(status: MessageInitShape<typeof PlanStatusSchema>) {
  const names = { parent: "operators/65001", clientId: "youtube", userKey: "k" };
  const message = create(desc, names);
  message.planStatus = planStatus();
  return Object.assign(message, { planStatus: Object.assign(message.planStatus, status) });
}

const lines = (violations: ReturnType<typeof rules>) =>
  violations.map(({ field, description }) => `${field}: ${description}`);

describe("rules of a list that is too long", () => {
  it("reads no item of a list of plans that is too long, and reports the list once", () => {
    const { items, reads } = countedList(create(PlanSchema), 100_000);
    const found = rules(desc, request({ plans: items }));
    expect(lines(found)).toEqual(["planStatus.plans: must contain no more than 128 item(s)"]);
    expect(reads()).toBe(0);
  });

  it("reads no item of a list of modules that is too long, and reports nothing else", () => {
    const { items, reads } = countedList(create(PlanModuleSchema), 100_000);
    const plan = create(PlanSchema);
    plan.planModules = items;
    const found = rules(desc, request({ plans: [plan], languageCode: "" }));
    expect(lines(found)).toEqual(["planStatus.plans[0].planModules: must contain no more than 128 item(s)"]);
    expect(reads()).toBe(0);
  });
});

describe("rules that are broken many times", () => {
  const invalidModule = create(PlanModuleSchema, {
    trafficCategories: Array(128).fill(99),
    maxRateKbps: -1n,
    usedBytes: -1n,
  });
  const plans = Array.from({ length: 128 }, () =>
    create(PlanSchema, { planModules: Array(128).fill(invalidModule) }),
  );

  it("ends the search for violations soon after an error is full", () => {
    const found = rules(desc, request({ plans }));
    expect(found.length).toBeGreaterThan(maxViolations);
    // All modules together break 2,195,456 rules.
    expect(found.length).toBeLessThan(500);
    expect(found.at(-1)).toBe(moreViolations);
    expect(found[0]?.field).toBe("planStatus.plans[0].planId");
  });

  it("reports the violations of all invalid items while they are few", () => {
    const bad = create(PlanSchema, { planModules: [create(PlanModuleSchema)] });
    const found = rules(desc, request({ plans: Array(15).fill(bad) }));
    expect(found).toHaveLength(15 * 4);
    expect(found).not.toContain(moreViolations);
  });

  it("ends the search among invalid Timestamps as well", () => {
    const time = create(TimestampSchema, { nanos: -1 });
    const module = create(PlanModuleSchema, { expirationTime: time });
    const many = Array.from({ length: 128 }, () =>
      create(PlanSchema, { planModules: Array(128).fill(module) }),
    );
    expect(rules(desc, request({ plans: many })).length).toBeLessThan(1_000);
  });
});

it("reports the same violations as protovalidate while they are few", () => {
  const validator = createValidator({ regexMatch: (pattern, text) => new RegExp(pattern, "u").test(text) });
  let invalid = 0;
  fc.assert(
    fc.property(messages(desc), (message) => {
      const { violations = [] } = validator.validate(desc, message as never);
      const found = rules(desc, message as never);
      invalid += violations.length > 0 ? 1 : 0;
      // Invalid Timestamps are reported in addition.
      const own = found.filter(({ description }) => !description.startsWith("must be a time"));
      if (violations.some(({ ruleId }) => ruleId === "repeated.max_items")) {
        expect(own.length).toBeGreaterThan(0);
        expect(own.every(({ description }) => description === "must contain no more than 128 item(s)")).toBe(
          true,
        );
      } else {
        expect(own).toHaveLength(violations.length);
      }
    }),
    { numRuns: 500 },
  );
  expect(invalid).toBeGreaterThan(20);
});
