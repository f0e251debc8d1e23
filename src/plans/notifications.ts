import { BalanceLevel, NotificationType, PlanState } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import type { PlanModule } from "../../gen/mobiledataplansharing/v1/plans_pb.ts";
import type { PlanStatus } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import type { FieldViolation } from "../contract/field-violation.ts";

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
  const because = "value is required when coarseBalanceLevel is LOW_QUOTA";
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
        because: "value is required when planModuleState is EXPIRING_SOON",
      }
    : undefined;
}

/** What a push sends, and what keeps it from being sent. */
export type Notifications = {
  readonly types: NotificationType[];
  readonly violations: FieldViolation[];
};

/**
 * Returns the notifications that a status sends, one per field that triggers: by module in the order sent, balance
 * before state, then pay-as-you-go, then top-up. Plan states trigger nothing.
 *
 * What a notification lacks is found here and not by the contract's schema, though it could be one of its rules: a
 * plan group has the same modules and notifies nobody, and only code can name the module at fault.
 */
export function notificationsOf(status: PlanStatus, path: string): Notifications {
  const notifications: Notifications = { types: [], violations: [] };
  for (let plan = 0; plan < status.plans.length; plan++) {
    const modules = status.plans[plan]?.planModules ?? [];
    for (let index = 0; index < modules.length; index++) {
      const module = modules[index];
      if (module !== undefined) {
        const at = () => `${path}.plans[${plan}].planModules[${index}]`;
        add(notifications, balanceTriggers.get(module.coarseBalanceLevel), module, at);
        add(notifications, module.planModuleState && stateTriggers.get(module.planModuleState), module, at);
      }
    }
  }
  if (status.accountInfo?.payAsYouGoCharge !== undefined) {
    notifications.types.push(NotificationType.NOTIFICATION_PAY_AS_YOU_GO);
  }
  if (status.accountInfo?.accountTopUp !== undefined && status.accountInfo.accountBalance !== undefined) {
    notifications.types.push(NotificationType.NOTIFICATION_ACCOUNT_TOP_UP);
  }
  return notifications;
}

function add(
  to: Notifications,
  trigger: Trigger | undefined | 0,
  module: PlanModule,
  path: () => string,
): void {
  if (!trigger) {
    return;
  }
  to.types.push(trigger.type);
  const lack = trigger.missing?.(module);
  if (lack !== undefined) {
    to.violations.push({ field: `${path()}.${lack.field}`, description: lack.because });
  }
}
