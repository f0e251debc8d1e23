import { create } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import type { PlanStatus } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { brokenTimeRules } from "../../src/plans/time-rules.ts";
import { day, fromNow, hour, minute, planStatus, second } from "../support/plan-statuses.ts";
import { testTime } from "../support/test-clock.ts";

function brokenAt(nowMs: number, status: PlanStatus, clockSkewMs = minute): string[] {
  return brokenTimeRules(status, "planStatus", { nowMs, clockSkewMs }).map(({ field }) => field);
}

describe("expireTime", () => {
  const expiring = (ms: number, nanos = 0) => planStatus({ expireTime: fromNow(ms, nanos) });

  it.each([
    ["a millisecond ahead", expiring(1), []],
    ["a nanosecond ahead", expiring(0, 1), []],
    ["now", expiring(0), ["planStatus.expireTime"]],
    ["a nanosecond ago", expiring(0, -1), ["planStatus.expireTime"]],
    ["in 1970", planStatus({ expireTime: create(TimestampSchema) }), ["planStatus.expireTime"]],
    [
      "in the year 9999",
      planStatus({ expireTime: create(TimestampSchema, { seconds: 253_402_300_799n }) }),
      [],
    ],
  ])("%s", (_, status, broken) => {
    expect(brokenAt(testTime, status)).toEqual(broken);
  });

  it("has no allowance for clock skew", () => {
    expect(brokenAt(testTime, expiring(0), hour)).toEqual(["planStatus.expireTime"]);
  });
});

describe("updateTime", () => {
  const updated = (ms: number, nanos = 0) => planStatus({ updateTime: fromNow(ms, nanos) });
  const broken = ["planStatus.updateTime"];

  it.each([
    ["now", updated(0), []],
    ["ahead by the allowed skew", updated(minute), []],
    ["ahead by a nanosecond more", updated(minute, 1), broken],
    ["ahead by a millisecond more", updated(minute + 1), broken],
    ["30 days old", updated(-30 * day), []],
    ["a nanosecond younger than 30 days", updated(-30 * day, 1), []],
    ["a nanosecond older than 30 days", updated(-30 * day, -1), broken],
    ["a millisecond older than 30 days", updated(-30 * day - 1), broken],
    [
      "in the year 1",
      planStatus({ updateTime: create(TimestampSchema, { seconds: -62_135_596_800n }) }),
      broken,
    ],
  ])("%s", (_, status, expected) => {
    expect(brokenAt(testTime, status)).toEqual(expected);
  });

  it("may not be in the future at all with a skew of 0", () => {
    expect(brokenAt(testTime, updated(0), 0)).toEqual([]);
    expect(brokenAt(testTime, updated(0, 1), 0)).toEqual(broken);
    expect(brokenAt(testTime, updated(1), 0)).toEqual(broken);
  });

  it("is not made older by the allowed skew", () => {
    expect(brokenAt(testTime, updated(-30 * day - 1), hour)).toEqual(broken);
  });
});

describe("messages", () => {
  const messagesOf = (status: PlanStatus) =>
    brokenTimeRules(status, "planStatus", { nowMs: testTime, clockSkewMs: minute }).map(
      ({ description }) => description,
    );

  it.each([
    [
      "how long ago the status expired",
      planStatus({ expireTime: fromNow(-90 * second) }),
      "must be in the future: it is 90 s in the past by the server's clock",
    ],
    [
      "how far the clocks are apart",
      planStatus({ updateTime: fromNow(5 * hour) }),
      "must be in the past: it is 5.0 hours ahead of the server's clock, at most 60 s is allowed",
    ],
    [
      "how old the status is",
      planStatus({ updateTime: fromNow(-45 * day) }),
      "must be at most 30 days old: it is 45.0 days old by the server's clock",
    ],
  ])("say %s", (_, status, message) => {
    expect(messagesOf(status)).toEqual([message]);
  });
});

describe("both rules", () => {
  it("are reported at once", () => {
    const status = planStatus({ expireTime: fromNow(-1), updateTime: fromNow(-31 * day) });
    expect(brokenAt(testTime, status)).toEqual(["planStatus.expireTime", "planStatus.updateTime"]);
  });

  it("leave absent times to the contract's rules, and what is no time to the rules of Timestamps", () => {
    const { expireTime: _expire, updateTime: _update, ...rest } = planStatus();
    expect(brokenAt(testTime, rest as PlanStatus)).toEqual([]);
    const impossible = create(TimestampSchema, { seconds: 253_402_300_800n });
    expect(brokenAt(testTime, planStatus({ expireTime: impossible, updateTime: impossible }))).toEqual([]);
  });
});
