import { describe, expect, it } from "vitest";
import { CreateUserPlanStatusRequestSchema } from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import type { FieldViolation } from "../../../src/contract/field-violation.ts";
import { parseRelativeTime, resolveTimes } from "../../../src/emulator/scenarios/relative-times.ts";

const nowMs = Date.UTC(2027, 0, 15, 12);

function resolve(planStatus: unknown, now = nowMs) {
  const violations: FieldViolation[] = [];
  const json = resolveTimes(CreateUserPlanStatusRequestSchema, { planStatus }, now, violations);
  return { planStatus: (json as { planStatus: unknown }).planStatus, violations };
}

describe("parseRelativeTime", () => {
  it.each([
    ["now", 0],
    ["+0s", 0],
    ["+20d", 20 * 86_400_000],
    ["-90s", -90_000],
    ["+1d12h", 36 * 3_600_000],
    ["-1h30m", -5_400_000],
    ["+2w", 14 * 86_400_000],
    ["+1m1ms", 60_001],
  ])("reads %s", (text, ms) => {
    expect(parseRelativeTime(text)).toBe(ms);
  });

  it.each([
    "",
    "+",
    "20d",
    "+20",
    "+20 d",
    "+1.5h",
    "+1y",
    "+d",
    "now+1d",
    "NOW",
    "2027-01-15T12:00:00Z",
    "+1d-1h",
  ])("does not read %j", (text) => {
    expect(parseRelativeTime(text)).toBeUndefined();
  });
});

describe("resolveTimes", () => {
  it("replaces relative times at every depth, under both spellings of a name", () => {
    const { planStatus } = resolve({
      updateTime: "now",
      expire_time: "+1d",
      plans: [{ expirationTime: "+20d", planModules: [{ expirationTime: "-1h" }, {}] }],
      accountInfo: { validUntil: "+90d" },
    });
    expect(planStatus).toEqual({
      updateTime: "2027-01-15T12:00:00.000Z",
      expire_time: "2027-01-16T12:00:00.000Z",
      plans: [
        {
          expirationTime: "2027-02-04T12:00:00.000Z",
          planModules: [{ expirationTime: "2027-01-15T11:00:00.000Z" }, {}],
        },
      ],
      accountInfo: { validUntil: "2027-04-15T12:00:00.000Z" },
    });
  });

  it("leaves absolute times, other texts and texts that only look like times as they are", () => {
    const given = {
      title: "+20d",
      updateTime: "2027-01-15T12:00:00Z",
      expireTime: 5,
      planInfoPerClient: { androidSystemInfo: { expireTime: "+1d" } },
      plans: "now",
    };
    expect(resolve(given).planStatus).toBe(given);
  });

  it("does not change the given JSON", () => {
    const given = { expireTime: "+1d", plans: [{ expirationTime: "+1d" }] };
    resolve(given);
    expect(given).toEqual({ expireTime: "+1d", plans: [{ expirationTime: "+1d" }] });
  });

  it.each([
    ["+9000w", Date.UTC(9999, 0, 1)],
    ["-200000w", nowMs],
    ["+999999999999w", nowMs],
  ])("reports %s if it leads out of the years 1 to 9999", (expireTime, now) => {
    expect(resolve({ expireTime }, now).violations).toEqual([
      {
        field: "planStatus.expireTime",
        description: "must be a time from year 1 to 9999 once it is added to the clock",
      },
    ]);
  });
});
