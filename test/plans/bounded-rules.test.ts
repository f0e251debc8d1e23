import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { Path } from "@bufbuild/protobuf/reflect";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { createValidator } from "@bufbuild/protovalidate";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PlanCategory } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { CreateUserPlanStatusRequestSchema } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import {
  type PlanModule,
  PlanModuleSchema,
  PlanSchema,
} from "../../gen/mobiledataplansharing/v1/plans_pb.ts";
import type { PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { maxViolations, moreViolations } from "../../src/contract/field-violation.ts";
import { createContractRules } from "../../src/plans/contract-rules.ts";
import { messages } from "../support/messages.ts";
import { plan, planModule, planStatus } from "../support/plan-statuses.ts";
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

/** Returns 128 plans of 128 modules, each of which an index creates. */
function fullPlans(moduleAt: (index: number) => PlanModule) {
  return Array.from({ length: 128 }, (_, plan) =>
    create(PlanSchema, {
      planId: "p",
      planModules: Array.from({ length: 128 }, (_, module) => moduleAt(128 * plan + module)),
    }),
  );
}

describe("rules of a message with many valid items", () => {
  /** Creates a valid module that counts how often its rules read a field. */
  function countedModule() {
    let reads = 0;
    const module = planModule();
    Object.defineProperty(module, "usedBytes", {
      enumerable: true,
      get() {
        reads += 1;
        return 0n;
      },
    });
    return { module, reads: () => reads };
  }
  const invalid = planModule({ usedBytes: -1n });

  it.each([1, 50, 99])("reads valid modules at most three times if the last %i are invalid", (count) => {
    const { module, reads } = countedModule();
    const first = 128 * 128 - count;
    const plans = fullPlans((index) => (index < first ? module : invalid));
    expect(lines(rules(desc, request({ plans })))).toEqual(
      Array.from({ length: count }, (_, index) => {
        const [plan, at] = [Math.floor((first + index) / 128), (first + index) % 128];
        const field = `planStatus.plans[${plan}].planModules[${at}].usedBytes`;
        return `${field}: must be greater than or equal to 0`;
      }),
    );
    expect(reads()).toBeLessThanOrEqual(3 * first);
  });

  it("reads valid modules once if only the status around them is invalid", () => {
    const { module, reads } = countedModule();
    const found = rules(desc, request({ plans: fullPlans(() => module), languageCode: "" }));
    expect(lines(found)).toEqual(["planStatus.languageCode: value is required"]);
    // One module of each plan goes to protovalidate, which reads it twice.
    expect(reads()).toBeLessThanOrEqual(128 * 128 + 2 * 128);
  });

  it("finds few violations more than an error shows if modules break one rule before others break many", () => {
    const worst = planModule({ trafficCategories: Array(128).fill(99) });
    const found = rules(desc, request({ plans: fullPlans((index) => (index < 99 ? invalid : worst)) }));
    expect(found.length).toBeGreaterThan(maxViolations);
    expect(found.length).toBeLessThan(300);
    expect(found[99]?.field).toBe("planStatus.plans[0].planModules[99].trafficCategories[0]");
    expect(found.at(-1)).toBe(moreViolations);
  });

  it("reports that a prepaid plan requires an account, even if only another plan is invalid", () => {
    const prepaid = plan({ planCategory: PlanCategory.PREPAID });
    const found = rules(desc, request({ plans: [prepaid, prepaid, plan({ planId: "" })] }));
    expect(lines(found)).toEqual([
      "planStatus.plans[2].planId: value is required",
      expect.stringMatching(/^planStatus\.accountInfo: /),
    ]);
  });

  it("ends the search for invalid Timestamps when an error is full", () => {
    let reads = 0;
    const expirationTime = Object.defineProperty(create(TimestampSchema), "nanos", {
      get() {
        reads += 1;
        return -1;
      },
    });
    const module = Object.assign(planModule(), { expirationTime });
    const found = rules(desc, request({ plans: fullPlans(() => module) }));
    expect(found).toHaveLength(maxViolations + 2);
    expect(found.at(-1)).toBe(moreViolations);
    expect(reads).toBe(maxViolations + 1);
  });

  it("ends the search for lists that are too long when an error is full", () => {
    const module = planModule({ trafficCategories: Array(129).fill(1) });
    const found = rules(desc, request({ plans: fullPlans(() => module) }));
    expect(found).toHaveLength(maxViolations + 2);
    expect(found.at(-1)).toBe(moreViolations);
  });
});

it("reports the first violations of a full status as protovalidate lists them", () => {
  const validator = createValidator({ regexMatch: (pattern, text) => new RegExp(pattern, "u").test(text) });
  const kinds = [planModule(), planModule({ usedBytes: -1n }), create(PlanModuleSchema)];
  const seen = { few: 0, many: 0 };
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 60, size: "max" }), {
        maxLength: 12,
        size: "max",
      }),
      fc.constantFrom(0, 1, 2),
      fc.constantFrom("en-US", ""),
      (shape, rarity, languageCode) => {
        const plans = shape.map((modules, index) =>
          create(PlanSchema, {
            planId: index % 3 === rarity ? "" : "p",
            planCategory: index % 4 === rarity ? (99 as PlanCategory) : PlanCategory.PREPAID,
            planModules: modules.map((kind) => kinds[Math.max(0, kind - rarity)] as PlanModule),
          }),
        );
        const message = request({ plans, languageCode });
        const expected = validator.validate(desc, message).violations ?? [];
        const isMany = expected.length > maxViolations;
        seen[isMany ? "many" : "few"] += 1;
        const found = rules(desc, message);
        const shown = isMany ? found.slice(0, maxViolations) : found;
        expect(shown.map(({ field }) => field)).toEqual(
          expected.slice(0, maxViolations).map(({ field, ruleId }) => fieldOf(field, ruleId)),
        );
        expect(found.length > maxViolations).toBe(isMany);
      },
    ),
    { numRuns: 300 },
  );
  expect(seen.few).toBeGreaterThan(20);
  expect(seen.many).toBeGreaterThan(20);
});

/** Returns the path of a violation of protovalidate in JSON. */
function fieldOf(path: Path, ruleId: string): string {
  const parts = path.map((part) =>
    part.kind === "field" ? `.${part.jsonName}` : part.kind === "list_sub" ? `[${part.index}]` : "",
  );
  return parts.join("").slice(1) + (ruleId === "account_info.prepaid" ? ".accountInfo" : "");
}

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
