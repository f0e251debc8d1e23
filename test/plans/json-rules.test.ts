import { create } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import {
  PlanGroupSchema,
  type PlanStatus,
  PlanStatusSchema,
} from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { createJsonRules } from "../../src/plans/json-rules.ts";
import { accountInfo, plan, planModule, planStatus } from "../support/plan-statuses.ts";

const rules = createJsonRules(PlanStatusSchema);
const time = (seconds: bigint, nanos = 0) => create(TimestampSchema, { seconds, nanos });
const invalid = time(253_402_300_800n);

function pathsOf(status: PlanStatus): string[] {
  return rules(status).map(({ field }) => field);
}

describe("the rules for Timestamps", () => {
  it.each([
    ["the first second of year 1", time(-62_135_596_800n)],
    ["the last nanosecond of year 9999", time(253_402_300_799n, 999_999_999)],
    ["a nanosecond before 1970", time(-1n, 999_999_999)],
  ])("accept a Timestamp of %s", (_, expireTime) => {
    expect(pathsOf(planStatus({ expireTime }))).toEqual([]);
  });

  it.each([
    ["a second before year 1", time(-62_135_596_801n)],
    ["the first second of year 10000", time(253_402_300_800n)],
    ["the smallest int64", time(-(2n ** 63n))],
    ["the largest int64", time(2n ** 63n - 1n)],
    ["negative nanoseconds", time(0n, -1)],
    ["a whole second of nanoseconds", time(0n, 1_000_000_000)],
  ])("reject a Timestamp of %s", (_, expireTime) => {
    expect(rules(planStatus({ expireTime }))).toEqual([
      {
        field: "expireTime",
        description: "must be a time from year 1 to 9999, with 0 to 999999999 nanoseconds",
      },
    ]);
  });

  it("find every invalid Timestamp of a status", () => {
    const status = planStatus({
      expireTime: invalid,
      updateTime: invalid,
      accountInfo: accountInfo({ validUntil: invalid }),
      plans: [
        plan(),
        plan({ expirationTime: invalid, planModules: [planModule({ expirationTime: invalid })] }),
      ],
    });
    expect(pathsOf(status).toSorted()).toEqual([
      "accountInfo.validUntil",
      "expireTime",
      "plans[1].expirationTime",
      "plans[1].planModules[0].expirationTime",
      "updateTime",
    ]);
  });

  it("find every invalid Timestamp of a group", () => {
    const group = create(PlanGroupSchema, {
      dataPlans: [plan({ expirationTime: invalid })],
      responseStaleTime: invalid,
      lastUpdatedTime: invalid,
    });
    expect(createJsonRules(PlanGroupSchema)(group).map(({ field }) => field)).toEqual([
      "dataPlans[0].expirationTime",
      "responseStaleTime",
      "lastUpdatedTime",
    ]);
  });

  it("accept a message without Timestamps", () => {
    expect(rules(create(PlanStatusSchema))).toEqual([]);
  });
});
