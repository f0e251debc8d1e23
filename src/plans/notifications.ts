import { BalanceLevel, NotificationType, PlanState } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import type { PlanModule } from "../../gen/mobiledataplansharing/v1/plans_pb.ts";
import type { PlanStatus } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import type { FieldViolation } from "../contract/refusal.ts";

type Trigger = {
  readonly type: NotificationType;
  /** What the text of the notification needs beside the name of the module, which every module has. */
  readonly missing?: (module: PlanModule) => { field: string; because: string } | undefined;
};

const balanceTriggers: ReadonlyMap<BalanceLevel, Trigger> = new Map([
  [
    BalanceLevel.LOW_QUOTA,
    { type: NotificationType.NOTIFICATION_LOW_BALANCE_WARNING, missing: missingRemainder },
  ],
  [BalanceLevel.OUT_OF_DATA, { type: NotificationType.NOTIFICATION_OUT_OF_DATA }],
]);

const stateTriggers: ReadonlyMap<PlanState, Trigger> = new Map([
  [
    PlanState.EXPIRING_SOON,
    { type: NotificationType.NOTIFICATION_DATA_EXPIRATION_WARNING, missing: missingExpiration },
  ],
  [PlanState.NEWLY_ACTIVE, { type: NotificationType.NOTIFICATION_PLAN_ACTIVATION }],
  [PlanState.EXPIRED, { type: NotificationType.NOTIFICATION_DATA_EXPIRED }],
]);

function missingRemainder({ balance }: PlanModule) {
  const because = "is needed to warn of a low balance: coarseBalanceLevel is LOW_QUOTA";
  if (balance.case === "timeBalance") {
    const { remainingMinutes } = balance.value;
    return remainingMinutes === undefined ? { field: "timeBalance.remainingMinutes", because } : undefined;
  }
  const remainingBytes = balance.case === "byteBalance" ? balance.value.remainingBytes : undefined;
  return remainingBytes === undefined ? { field: "byteBalance.remainingBytes", because } : undefined;
}

function missingExpiration({ expirationTime }: PlanModule) {
  return expirationTime === undefined
    ? {
        field: "expirationTime",
        because: "is needed to warn of the expiry: planModuleState is EXPIRING_SOON",
      }
    : undefined;
}

function triggersOf(module: PlanModule): Trigger[] {
  const balance = balanceTriggers.get(module.coarseBalanceLevel);
  const state = module.planModuleState === undefined ? undefined : stateTriggers.get(module.planModuleState);
  return [balance, state].filter((trigger) => trigger !== undefined);
}

/**
 * Returns the notifications that a status sends, one per field that triggers: by module in the order sent, balance
 * before state, then pay-as-you-go, then top-up. Plan states trigger nothing.
 */
export function notificationsOf(status: PlanStatus): NotificationType[] {
  const types: NotificationType[] = [];
  for (const plan of status.plans) {
    for (const module of plan.planModules) {
      for (const { type } of triggersOf(module)) {
        types.push(type);
      }
    }
  }
  if (status.accountInfo?.payAsYouGoCharge !== undefined) {
    types.push(NotificationType.NOTIFICATION_PAY_AS_YOU_GO);
  }
  if (status.accountInfo?.accountTopUp !== undefined && status.accountInfo.accountBalance !== undefined) {
    types.push(NotificationType.NOTIFICATION_ACCOUNT_TOP_UP);
  }
  return types;
}

/**
 * Returns what notifications lack. Not a rule of the contract's schema, though it could be one: a plan group has
 * the same modules and notifies nobody, and only code can name the module at fault.
 */
export function brokenNotificationRules(status: PlanStatus, path: string): FieldViolation[] {
  const found: FieldViolation[] = [];
  for (const [planIndex, plan] of status.plans.entries()) {
    for (const [moduleIndex, module] of plan.planModules.entries()) {
      for (const { missing } of triggersOf(module)) {
        const lack = missing?.(module);
        if (lack !== undefined) {
          const at = `${path}.plans[${planIndex}].planModules[${moduleIndex}]`;
          found.push({ field: `${at}.${lack.field}`, description: lack.because });
        }
      }
    }
  }
  return found;
}
