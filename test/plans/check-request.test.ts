import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { BalanceLevel, NotificationType } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { CreatePlanGroupRequestSchema } from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { CreatePlanStatusRequestSchema } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { checkRequest } from "../../src/plans/check-request.ts";
import { sharedContractRules } from "../../src/plans/contract-rules.ts";

const rules = sharedContractRules();
const nowMs = Date.UTC(2026, 0, 1);
const times = { nowMs, clockSkewMs: 0 };

/** A status that breaks a rule of the contract, one of the current time and one of notifications. */
const broken = create(CreatePlanStatusRequestSchema, {
  parent: "operators/1",
  userKey: "u",
  planStatus: {
    updateTime: timestampFromMs(nowMs),
    expireTime: timestampFromMs(nowMs),
    plans: [
      {
        planId: "p",
        planModules: [
          { moduleName: "m", description: "d", coarseBalanceLevel: BalanceLevel.LOW_QUOTA },
          { moduleName: "m", description: "d", coarseBalanceLevel: BalanceLevel.OUT_OF_DATA },
        ],
      },
    ],
  },
});

describe("checkRequest", () => {
  it("returns violations of the contract, then of the current time, then of notifications", () => {
    const { violations, notifications } = checkRequest(CreatePlanStatusRequestSchema, broken, {
      rules,
      times,
    });
    expect(violations.map(({ field }) => field)).toEqual([
      "planStatus.languageCode",
      "planStatus.expireTime",
      "planStatus.plans[0].planModules[0].byteBalance.remainingBytes",
    ]);
    expect(notifications).toEqual([
      NotificationType.NOTIFICATION_LOW_BALANCE_WARNING,
      NotificationType.NOTIFICATION_OUT_OF_DATA,
    ]);
  });

  it("leaves the rules of the current time to the server without a clock", () => {
    const { violations } = checkRequest(CreatePlanStatusRequestSchema, broken, { rules, times: undefined });
    expect(violations.map(({ field }) => field)).not.toContain("planStatus.expireTime");
  });

  it("does not compare a missing time, and finds no notifications without a status", () => {
    const empty = create(CreatePlanStatusRequestSchema, { parent: "operators/1", userKey: "u" });
    expect(checkRequest(CreatePlanStatusRequestSchema, empty, { rules, times })).toEqual({
      violations: [{ field: "planStatus", description: "value is required" }],
      notifications: [],
    });
  });

  it("checks a plan group by the rules of the contract", () => {
    const group = create(CreatePlanGroupRequestSchema, { parent: "operators/1" });
    const { violations, notifications } = checkRequest(CreatePlanGroupRequestSchema, group, { rules, times });
    expect(violations.map(({ field }) => field)).toContain("planGroupId");
    expect(notifications).toEqual([]);
  });
});
