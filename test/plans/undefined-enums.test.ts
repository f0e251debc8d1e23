import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  BalanceLevel,
  PlanCategory,
  type PlanModuleTrafficCategory,
} from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { CreatePlanStatusRequestSchema } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { createContractRules } from "../../src/plans/contract-rules.ts";
import { createTolerantRules } from "../../src/plans/undefined-enums.ts";
import { plan, planModule, planStatus } from "../support/plan-statuses.ts";

function check(...plans: ReturnType<typeof plan>[]) {
  const unknown: string[] = [];
  const rules = createTolerantRules(createContractRules(), ({ field }) => unknown.push(field));
  const request = create(CreatePlanStatusRequestSchema, {
    parent: "operators/65001",
    userKey: "k",
    planStatus: planStatus({ plans }),
  });
  return { violations: rules(CreatePlanStatusRequestSchema, request), unknown, request };
}

describe("createTolerantRules", () => {
  it("changes nothing in a message whose enums are defined", () => {
    const { violations, unknown, request } = check(plan({ planCategory: PlanCategory.POSTPAID }));
    expect({ violations, unknown }).toEqual({ violations: [], unknown: [] });
    expect(request.planStatus?.plans[0]?.planCategory).toBe(PlanCategory.POSTPAID);
  });

  it("clears undefined numbers at any depth, removes them from lists, and reports their paths", () => {
    const module = planModule({
      coarseBalanceLevel: BalanceLevel.HIGH_QUOTA,
      planModuleState: 55 as never,
      trafficCategories: [1, 99, 2, -1] as PlanModuleTrafficCategory[],
    });
    const { violations, unknown, request } = check(
      plan({ planCategory: 77 as PlanCategory, planModules: [planModule(), module] }),
    );
    expect(violations).toEqual([]);
    expect(unknown).toEqual([
      "planStatus.plans[0].planCategory",
      "planStatus.plans[0].planModules[1].trafficCategories[1]",
      "planStatus.plans[0].planModules[1].trafficCategories[3]",
      "planStatus.plans[0].planModules[1].planModuleState",
    ]);
    const [cleared] = request.planStatus?.plans ?? [];
    expect(cleared?.planCategory).toBe(0);
    expect(cleared?.planModules[1]?.trafficCategories).toEqual([1, 2]);
    expect(cleared?.planModules[1]?.planModuleState).toBeUndefined();
  });

  it("reports at most a hundred paths and clears all", () => {
    const plans = Array.from({ length: 16 }, () =>
      plan({
        planModules: Array.from({ length: 10 }, () =>
          planModule({ trafficCategories: [99, 99] as PlanModuleTrafficCategory[] }),
        ),
      }),
    );
    const { unknown, request } = check(...plans);
    expect(unknown).toHaveLength(100);
    const all = request.planStatus?.plans.flatMap(({ planModules }) => planModules) ?? [];
    expect(all.flatMap(({ trafficCategories }) => trafficCategories)).toEqual([]);
  });
});
