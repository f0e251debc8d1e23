import { create } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import type { PlanStatus } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { brokenTimeRules } from "../../src/plans/time-rules.ts";
import { day, fromNow, hour, minute, planStatus, second } from "../support/plan-statuses.ts";
import { testTime } from "../support/test-clock.ts";

function brokenFields(status: PlanStatus, clockSkewMs = minute): string[] {
  return brokenTimeRules(status, "planStatus", { nowMs: testTime, clockSkewMs }).map(({ field }) => field);
}

describe("expireTime", () => {
  const expiring = (ms: number, nanos = 0) => planStatus({ expireTime: fromNow(ms, nanos) });

  it.each([
    ["is a millisecond ahead", expiring(1)],
    ["is a nanosecond ahead", expiring(0, 1)],
    [
      "is in the year 9999",
      planStatus({ expireTime: create(TimestampSchema, { seconds: 253_402_300_799n }) }),
    ],
  ])("accepts an expireTime that %s", (_, status) => {
    expect(brokenFields(status)).toEqual([]);
  });

  it.each([
    ["is the current time", expiring(0)],
    ["was a nanosecond ago", expiring(0, -1)],
    ["was in 1970", planStatus({ expireTime: create(TimestampSchema) })],
  ])("rejects an expireTime that %s", (_, status) => {
    expect(brokenFields(status)).toEqual(["planStatus.expireTime"]);
  });

  it("rejects an expireTime of the current time whatever the allowed clock skew", () => {
    expect(brokenFields(expiring(0), hour)).toEqual(["planStatus.expireTime"]);
  });
});

describe("updateTime", () => {
  const updated = (ms: number, nanos = 0) => planStatus({ updateTime: fromNow(ms, nanos) });
  const broken = ["planStatus.updateTime"];

  it.each([
    ["is the current time", updated(0)],
    ["is ahead by the allowed clock skew", updated(minute)],
    ["is 30 days old", updated(-30 * day)],
    ["is a nanosecond younger than 30 days", updated(-30 * day, 1)],
  ])("accepts an updateTime that %s", (_, status) => {
    expect(brokenFields(status)).toEqual([]);
  });

  it.each([
    ["is a nanosecond beyond the allowed clock skew", updated(minute, 1)],
    ["is a millisecond beyond the allowed clock skew", updated(minute + 1)],
    ["is a nanosecond older than 30 days", updated(-30 * day, -1)],
    ["is a millisecond older than 30 days", updated(-30 * day - 1)],
    ["is in the year 1", planStatus({ updateTime: create(TimestampSchema, { seconds: -62_135_596_800n }) })],
  ])("rejects an updateTime that %s", (_, status) => {
    expect(brokenFields(status)).toEqual(broken);
  });

  it("rejects an updateTime in the future when the allowed clock skew is 0", () => {
    expect(brokenFields(updated(0), 0)).toEqual([]);
    expect(brokenFields(updated(0, 1), 0)).toEqual(broken);
    expect(brokenFields(updated(1), 0)).toEqual(broken);
  });

  it("rejects an updateTime older than 30 days whatever the allowed clock skew", () => {
    expect(brokenFields(updated(-30 * day - 1), hour)).toEqual(broken);
  });
});

describe("the description of a violation", () => {
  const messagesOf = (status: PlanStatus) =>
    brokenTimeRules(status, "planStatus", { nowMs: testTime, clockSkewMs: minute }).map(
      ({ description }) => description,
    );

  it.each([
    [
      "how far in the past expireTime is",
      planStatus({ expireTime: fromNow(-90 * second) }),
      "must be in the future: it is 90 s in the past by the server's clock",
    ],
    [
      "how far updateTime is ahead",
      planStatus({ updateTime: fromNow(5 * hour) }),
      "must be in the past: it is 5.0 hours ahead of the server's clock, at most 60 s is allowed",
    ],
    [
      "how old updateTime is",
      planStatus({ updateTime: fromNow(-45 * day) }),
      "must be at most 30 days old: it is 45.0 days old by the server's clock",
    ],
  ])("says %s", (_, status, message) => {
    expect(messagesOf(status)).toEqual([message]);
  });
});

describe("the time rules", () => {
  it("report violations of expireTime and updateTime together", () => {
    const status = planStatus({ expireTime: fromNow(-1), updateTime: fromNow(-31 * day) });
    expect(brokenFields(status)).toEqual(["planStatus.expireTime", "planStatus.updateTime"]);
  });

  it("skip absent times, which the contract's rules report", () => {
    const { expireTime: _expire, updateTime: _update, ...rest } = planStatus();
    expect(brokenFields(rest as PlanStatus)).toEqual([]);
  });

  it("skip a time that already has a violation, and check the other one", () => {
    const status = planStatus({ expireTime: fromNow(-1), updateTime: fromNow(-31 * day) });
    const reported = (field: string) => {
      const violations = [{ field: `planStatus.${field}`, description: "must be a time" }];
      const options = { nowMs: testTime, clockSkewMs: minute, violations };
      return brokenTimeRules(status, "planStatus", options).map((violation) => violation.field);
    };
    expect(reported("expireTime")).toEqual(["planStatus.updateTime"]);
    expect(reported("updateTime")).toEqual(["planStatus.expireTime"]);
  });
});
