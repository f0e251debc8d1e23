import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  BalanceLevel,
  NotificationType,
  OverUsagePolicy,
  PlanCategory,
  PlanModuleTrafficCategory,
  PlanState,
  RefreshPeriod,
  UiCompatibility,
} from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { bar } from "../../../src/cli/text/bar.ts";
import { planCard } from "../../../src/cli/text/plan-card.ts";
import { byteBalance, money, unlimitedBytes } from "../../../src/client/index.ts";
import {
  accountInfo,
  day,
  fromNow,
  hour,
  plan,
  planModule,
  planStatus,
} from "../../support/plan-statuses.ts";
import { testTime } from "../../support/test-clock.ts";

const plain = { heading: "user ***c==", nowMs: testTime, paint: (_: string, text: string) => text };

describe("planCard", () => {
  it("formats plans, modules, account and times", () => {
    const status = planStatus({
      title: "Acme Mobile",
      accountInfo: accountInfo({ accountBalance: money("-0.5", "USD") }),
      notifications: [NotificationType.NOTIFICATION_LOW_BALANCE_WARNING],
      plans: [
        plan({
          planName: "ACME Plan 199",
          planCategory: PlanCategory.PREPAID,
          planState: PlanState.EXPIRING_SOON,
          expirationTime: fromNow(3 * day),
          planModules: [
            planModule({
              balance: byteBalance({ quota: 2 * 1024 ** 3, remaining: 214_748_364 }),
              coarseBalanceLevel: BalanceLevel.LOW_QUOTA,
              refreshPeriod: RefreshPeriod.MONTHLY,
              expirationTime: fromNow(5 * hour),
              overUsagePolicy: OverUsagePolicy.THROTTLED,
              maxRateKbps: 128n,
              trafficCategories: [PlanModuleTrafficCategory.VIDEO, PlanModuleTrafficCategory.APP_STORE],
            }),
            planModule({ moduleName: "Chat", description: "Chat for all", balance: unlimitedBytes() }),
          ],
        }),
      ],
    });
    expect(planCard(status, plain)).toBe(`\
Acme Mobile
user ***c==

ACME Plan 199  acme-199 · prepaid · expiring soon · ends 2026-03-04T12:00:00Z (in 3 days)
  Data  2 GB for everything
    ██░░░░░░░░░░░░░░░░░░  205 MiB of 2 GiB left (10 %) · low quota
    refreshes: monthly · until 2026-03-01T17:00:00Z (in 5 h) · past the quota: throttled · at most 128 kbit/s · for video, app store
  Chat  Chat for all
    ████████████████████  unlimited

Account  -0.50 USD · valid · valid until 2026-05-30T12:00:00Z
expires 2026-03-01T13:00:00Z (in 60 min) · read from the backend 2026-03-01T11:59:00Z (1 min ago)
language en-US · notified: low balance warning
`);
  });

  it("formats an empty status, and marks one that must not be shown", () => {
    expect(planCard(create(PlanStatusSchema), plain)).toMatch(/^Plan status\nuser \*\*\*c==\n/);
    const hidden = planStatus({ uiCompatibility: UiCompatibility.UI_INCOMPATIBLE });
    expect(planCard(hidden, plain)).toContain("language en-US · not to be shown to the user");
  });

  it("replaces control characters in texts of the operator", () => {
    const evil = "\u001b[2J\r\n\u202egnp";
    const status = planStatus({
      title: evil,
      plans: [plan({ planName: evil, planModules: [planModule({ moduleName: evil, description: evil })] })],
    });
    const card = planCard(status, plain);
    expect(["\u001b", "\r", "\u202e"].filter((character) => card.includes(character))).toEqual([]);
  });

  it("paints levels in their colors", () => {
    const status = planStatus({
      plans: [plan({ planModules: [planModule({ coarseBalanceLevel: BalanceLevel.OUT_OF_DATA })] })],
    });
    const card = planCard(status, { ...plain, paint: (style, text) => `<${style}>${text}</>` });
    expect(card).toContain("<red>out of data</>");
    expect(card).toContain("<red>█████░░░░░░░░░░░░░░░</>");
  });
});

describe("bar", () => {
  it.each([
    [-1, 0],
    [0, 0],
    [0.001, 1],
    [0.5, 10],
    [0.999, 19],
    [1, 20],
    [3, 20],
  ])("draws the share %d as a bar of %d full cells", (left, full) => {
    expect(bar(left)).toBe("█".repeat(full) + "░".repeat(20 - full));
  });
});
