import { describe, expect, it } from "vitest";
import {
  BalanceLevel,
  NotificationType,
  NotificationTypeSchema,
  OverUsagePolicy,
  PlanState,
} from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import type { PlanModule } from "../../gen/mobiledataplansharing/v1/plans_pb.ts";
import type { PlanStatus } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { notificationsOf } from "../../src/plans/notifications.ts";
import {
  accountInfo,
  day,
  fromNow,
  money,
  type PlanModuleInit,
  plan,
  planModule,
  planStatus,
  statusOf,
} from "../support/plan-statuses.ts";

const { LOW_QUOTA, OUT_OF_DATA, HIGH_QUOTA, NO_PLAN, BALANCE_LEVEL_UNSPECIFIED } = BalanceLevel;
const { ACTIVE, INACTIVE, EXPIRING_SOON, NEWLY_ACTIVE, EXPIRED } = PlanState;

function namesOf(status: PlanStatus): (string | undefined)[] {
  return notificationsOf(status, "planStatus").types.map((type) => NotificationTypeSchema.value[type]?.name);
}

describe("notifications of a module", () => {
  it.each<[string, PlanModuleInit, string[]]>([
    ["LOW_QUOTA", { coarseBalanceLevel: LOW_QUOTA }, ["NOTIFICATION_LOW_BALANCE_WARNING"]],
    ["OUT_OF_DATA", { coarseBalanceLevel: OUT_OF_DATA }, ["NOTIFICATION_OUT_OF_DATA"]],
    [
      "OUT_OF_DATA and pay-as-you-go",
      { coarseBalanceLevel: OUT_OF_DATA, overUsagePolicy: OverUsagePolicy.PAY_AS_YOU_GO },
      ["NOTIFICATION_OUT_OF_DATA"],
    ],
    ["HIGH_QUOTA", { coarseBalanceLevel: HIGH_QUOTA }, []],
    ["NO_PLAN", { coarseBalanceLevel: NO_PLAN }, []],
    ["BALANCE_LEVEL_UNSPECIFIED", { coarseBalanceLevel: BALANCE_LEVEL_UNSPECIFIED }, []],
    ["EXPIRING_SOON", { planModuleState: EXPIRING_SOON }, ["NOTIFICATION_DATA_EXPIRATION_WARNING"]],
    ["NEWLY_ACTIVE", { planModuleState: NEWLY_ACTIVE }, ["NOTIFICATION_PLAN_ACTIVATION"]],
    ["EXPIRED", { planModuleState: EXPIRED }, ["NOTIFICATION_DATA_EXPIRED"]],
    ["ACTIVE", { planModuleState: ACTIVE }, []],
    ["INACTIVE", { planModuleState: INACTIVE }, []],
    ["neither field", {}, []],
  ])("sends the notification of a module with %s, or none", (_, init, expected) => {
    expect(namesOf(statusOf(planModule(init)))).toEqual(expected);
  });
});

describe("notifications of an account", () => {
  const withAccount = (init: Parameters<typeof accountInfo>[0]) =>
    planStatus({ accountInfo: accountInfo(init) });

  it.each<[string, PlanStatus, string[]]>([
    ["payAsYouGoCharge", withAccount({ payAsYouGoCharge: money() }), ["NOTIFICATION_PAY_AS_YOU_GO"]],
    ["accountTopUp", withAccount({ accountTopUp: money() }), ["NOTIFICATION_ACCOUNT_TOP_UP"]],
    [
      "accountTopUp of zero",
      withAccount({ accountTopUp: money({ units: 0n, nanos: 0 }) }),
      ["NOTIFICATION_ACCOUNT_TOP_UP"],
    ],
    ["only a balance", withAccount({}), []],
    ["loans", withAccount({ loanBalance: money(), unpaidLoan: money() }), []],
  ])("sends the notification of an account with %s, or none", (_, status, expected) => {
    expect(namesOf(status)).toEqual(expected);
  });

  it("sends no notification for a top-up without a balance", () => {
    expect(namesOf(planStatus({ accountInfo: { accountTopUp: money() } }))).toEqual([]);
  });
});

describe("notifications", () => {
  it("sends one notification per module when two modules have LOW_QUOTA", () => {
    const low = planModule({ coarseBalanceLevel: LOW_QUOTA });
    expect(namesOf(statusOf(low, low))).toEqual([
      "NOTIFICATION_LOW_BALANCE_WARNING",
      "NOTIFICATION_LOW_BALANCE_WARNING",
    ]);
  });

  it("orders notifications by module, balance before state, then pay-as-you-go, then top-up", () => {
    const status = planStatus({
      accountInfo: accountInfo({ accountTopUp: money(), payAsYouGoCharge: money() }),
      plans: [
        plan({
          planModules: [
            planModule({ planModuleState: EXPIRED, coarseBalanceLevel: OUT_OF_DATA }),
            planModule({ planModuleState: NEWLY_ACTIVE }),
          ],
        }),
        plan({
          planModules: [
            planModule({
              planModuleState: EXPIRING_SOON,
              coarseBalanceLevel: LOW_QUOTA,
              expirationTime: fromNow(day),
            }),
          ],
        }),
      ],
    });
    expect(namesOf(status)).toEqual([
      "NOTIFICATION_OUT_OF_DATA",
      "NOTIFICATION_DATA_EXPIRED",
      "NOTIFICATION_PLAN_ACTIVATION",
      "NOTIFICATION_LOW_BALANCE_WARNING",
      "NOTIFICATION_DATA_EXPIRATION_WARNING",
      "NOTIFICATION_PAY_AS_YOU_GO",
      "NOTIFICATION_ACCOUNT_TOP_UP",
    ]);
  });

  it("sends no notification for the state of a plan", () => {
    const states = [ACTIVE, INACTIVE, EXPIRING_SOON, NEWLY_ACTIVE, EXPIRED];
    expect(namesOf(planStatus({ plans: states.map((planState) => plan({ planState })) }))).toEqual([]);
  });

  it("sends no notification for a status without plans", () => {
    expect(namesOf(planStatus())).toEqual([]);
  });

  it("ignores the notifications field of the pushed status", () => {
    const notifications = [NotificationType.NOTIFICATION_DATA_EXPIRED];
    expect(namesOf(planStatus({ notifications }))).toEqual([]);
  });
});

describe("the fields that a notification requires", () => {
  type Balance = NonNullable<PlanModuleInit["balance"]>;
  function missingFields(...modules: PlanModule[]): string[] {
    return notificationsOf(statusOf(...modules), "planStatus").violations.map(({ field }) => field);
  }
  const module0 = "planStatus.plans[0].planModules[0]";
  const bytes = (remainingBytes?: bigint): Balance => ({
    case: "byteBalance",
    value: remainingBytes === undefined ? {} : { remainingBytes },
  });
  const minutes = (remainingMinutes?: bigint): Balance => ({
    case: "timeBalance",
    value: remainingMinutes === undefined ? {} : { remainingMinutes },
  });
  const none: Balance = { case: undefined };

  it.each<[string, PlanModuleInit, string[]]>([
    ["LOW_QUOTA with remainingBytes", { coarseBalanceLevel: LOW_QUOTA, balance: bytes(5n) }, []],
    ["LOW_QUOTA with remainingBytes 0", { coarseBalanceLevel: LOW_QUOTA, balance: bytes(0n) }, []],
    [
      "LOW_QUOTA with a byte balance without remainingBytes",
      { coarseBalanceLevel: LOW_QUOTA, balance: bytes() },
      [`${module0}.byteBalance.remainingBytes`],
    ],
    [
      "LOW_QUOTA without a balance",
      { coarseBalanceLevel: LOW_QUOTA, balance: none },
      [`${module0}.byteBalance.remainingBytes`],
    ],
    ["LOW_QUOTA with remainingMinutes", { coarseBalanceLevel: LOW_QUOTA, balance: minutes(5n) }, []],
    [
      "LOW_QUOTA with a time balance without remainingMinutes",
      { coarseBalanceLevel: LOW_QUOTA, balance: minutes() },
      [`${module0}.timeBalance.remainingMinutes`],
    ],
    ["OUT_OF_DATA without a balance", { coarseBalanceLevel: OUT_OF_DATA, balance: none }, []],
    [
      "EXPIRING_SOON with expirationTime",
      { planModuleState: EXPIRING_SOON, expirationTime: fromNow(day) },
      [],
    ],
    [
      "EXPIRING_SOON without expirationTime",
      { planModuleState: EXPIRING_SOON },
      [`${module0}.expirationTime`],
    ],
    ["NEWLY_ACTIVE without expirationTime", { planModuleState: NEWLY_ACTIVE }, []],
    ["EXPIRED without expirationTime", { planModuleState: EXPIRED }, []],
    ["HIGH_QUOTA without a balance", { coarseBalanceLevel: HIGH_QUOTA, balance: none }, []],
    [
      "LOW_QUOTA and EXPIRING_SOON without a balance and expirationTime",
      { coarseBalanceLevel: LOW_QUOTA, planModuleState: EXPIRING_SOON, balance: none },
      [`${module0}.byteBalance.remainingBytes`, `${module0}.expirationTime`],
    ],
  ])("reports the required fields that are missing in a module with %s", (_, init, missing) => {
    expect(missingFields(planModule(init))).toEqual(missing);
  });

  it("reports each module without the required fields, with its path", () => {
    const low = planModule({ coarseBalanceLevel: LOW_QUOTA, balance: none });
    const status = planStatus({
      plans: [plan({ planModules: [planModule()] }), plan({ planModules: [planModule(), low, low] })],
    });
    expect(notificationsOf(status, "planStatus").violations).toEqual(
      [1, 2].map((index) => ({
        field: `planStatus.plans[1].planModules[${index}].byteBalance.remainingBytes`,
        description: "value is required when coarseBalanceLevel is LOW_QUOTA",
      })),
    );
  });

  it("requires expirationTime of the module even if the plan has one", () => {
    const module = planModule({ planModuleState: EXPIRING_SOON });
    const status = planStatus({ plans: [plan({ expirationTime: fromNow(day), planModules: [module] })] });
    expect(notificationsOf(status, "planStatus").violations).toHaveLength(1);
  });
});
