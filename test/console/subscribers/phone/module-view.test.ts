import { describe, expect, it } from "vitest";
import {
  BalanceLevel,
  OverUsagePolicy,
  RefreshPeriod,
  PlanModuleTrafficCategory as Traffic,
} from "../../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { byteBalance, minuteBalance, unlimitedBytes } from "../../../../src/client/index.ts";
import { moduleView } from "../../../../src/console/subscribers/phone/module-view.ts";
import { fromNow, hour, type PlanModuleInit, planModule } from "../../../support/plan-statuses.ts";
import { testTime } from "../../../support/test-clock.ts";

const view = (init: PlanModuleInit) => moduleView(planModule(init), testTime);
const factsOf = (init: PlanModuleInit) => view(init).facts.map(({ label, text }) => `${label}: ${text}`);

describe("a module", () => {
  it.each<[PlanModuleInit, string, number | undefined, string]>([
    [{ balance: byteBalance({ quota: 1_000, remaining: 2_500 }) }, "2.5 kB of 1 kB left (250 %)", 1, "good"],
    [{ balance: byteBalance({ quota: 1_000, remaining: 0 }) }, "0 B of 1 kB left (0 %)", 0, "bad"],
    [{ balance: byteBalance({ quota: 0, remaining: 0 }) }, "0 B of 0 B left (0 %)", 0, "bad"],
    [{ balance: byteBalance({ remaining: 3 * 1024 ** 2 }) }, "3 MiB left", undefined, "good"],
    [{ balance: byteBalance({ quota: 999 }) }, "Quota 999 B", undefined, "good"],
    [{ balance: unlimitedBytes() }, "Unlimited", 1, "good"],
    [{ balance: minuteBalance({ quota: 60, remaining: 15 }) }, "15 min of 60 min left (25 %)", 0.25, "good"],
    [{ balance: { case: undefined } }, "No exact amount", undefined, "good"],
    [{ balance: byteBalance({}) }, "No exact amount", undefined, "good"],
  ])("has of the balance in %o the text %j, a bar of %d, and the tone %s", (init, text, left, tone) => {
    const { balance } = view({ coarseBalanceLevel: BalanceLevel.BALANCE_LEVEL_UNSPECIFIED, ...init });
    expect([balance.text, balance.left, balance.tone]).toEqual([text, left, tone]);
  });

  it.each([
    [BalanceLevel.NO_PLAN, "No plan", "bad"],
    [BalanceLevel.OUT_OF_DATA, "Out of data", "bad"],
    [BalanceLevel.LOW_QUOTA, "Low quota", "warn"],
    [BalanceLevel.HIGH_QUOTA, "High quota", "good"],
  ] as const)(
    "has of the coarse level %d alone the label %s, and no bar",
    (coarseBalanceLevel, text, tone) => {
      const { labels, balance } = view({ coarseBalanceLevel, balance: { case: undefined } });
      expect(labels).toEqual([{ text, tone }]);
      expect([balance.isStated, balance.left, balance.tone]).toEqual([false, undefined, tone]);
    },
  );

  it("says what happens when it is used up, and how fast it is", () => {
    expect(factsOf({ overUsagePolicy: OverUsagePolicy.THROTTLED })).toEqual(["When used up: slower"]);
    expect(factsOf({ overUsagePolicy: OverUsagePolicy.THROTTLED, maxRateKbps: 64n })).toEqual([
      "When used up: slower, at most 64 kbit/s",
    ]);
    expect(factsOf({ overUsagePolicy: OverUsagePolicy.BLOCKED, maxRateKbps: 2_000n })).toEqual([
      "When used up: blocked; until then at most 2000 kbit/s",
    ]);
    expect(factsOf({ overUsagePolicy: OverUsagePolicy.PAY_AS_YOU_GO })).toEqual([
      "When used up: pay as you go",
    ]);
    expect(factsOf({ maxRateKbps: 64n })).toEqual(["Speed: at most 64 kbit/s"]);
    expect(factsOf({ maxRateKbps: 0n })).toEqual([]);
  });

  it("tells a quota that does not recur from one of which that is not stated", () => {
    expect(factsOf({})).toEqual([]);
    expect(factsOf({ refreshPeriod: RefreshPeriod.REFRESH_PERIOD_NONE })).toEqual(["Refreshes: never"]);
    expect(factsOf({ refreshPeriod: RefreshPeriod.BIWEEKLY })).toEqual(["Refreshes: every two weeks"]);
  });

  it("calls the end of a recurring quota its next refresh", () => {
    const expirationTime = fromNow(5 * hour);
    expect(factsOf({ expirationTime })).toEqual(["Expires: in 5 h"]);
    expect(factsOf({ expirationTime, refreshPeriod: RefreshPeriod.DAILY })).toEqual([
      "Refreshes: every day",
      "Next refresh: in 5 h",
    ]);
    expect(factsOf({ expirationTime: fromNow(-5 * hour) })).toEqual(["Expired: 5 h ago"]);
  });

  it("lists the categories of its traffic in their order, and leaves out those that are not stated", () => {
    const trafficCategories = [
      Traffic.GENERIC,
      Traffic.PLAN_MODULE_TRAFFIC_CATEGORY_UNSPECIFIED,
      Traffic.APP_STORE,
      Traffic.VIDEO_OFFLINE,
    ];
    expect(factsOf({ trafficCategories })).toEqual(["For: all traffic, app store, video offline"]);
  });

  it("writes what was used in the unit of the quota", () => {
    const balance = byteBalance({ quota: 2 * 1024 ** 3, remaining: 0 });
    expect(factsOf({ usedBytes: 3n * 1024n ** 3n, balance })).toEqual(["Used: 3 GiB"]);
    expect(factsOf({ usedBytes: 0n })).toEqual(["Used: 0 B"]);
    expect(factsOf({ usedBytes: 1_500_000_000n, balance: unlimitedBytes() })).toEqual(["Used: 1.5 GB"]);
  });
});
