import { BalanceLevel, NotificationType, PlanState } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import type { PlanModule } from "../../gen/mobiledataplansharing/v1/plans_pb.ts";
import type { PlanStatus } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import type { FieldViolation } from "../contract/field-violation.ts";

type Trigger = {
  readonly type: NotificationType;
  /** Returns the violation if the module has no value that the text of the notification shows. */
  readonly missing?: (module: PlanModule) => FieldViolation | undefined;
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

function missingRemainder({ balance }: PlanModule): FieldViolation | undefined {
  const description = "value is required when coarseBalanceLevel is LOW_QUOTA";
  const [field, value] =
    balance.case === "timeBalance"
      ? ["timeBalance.remainingMinutes", balance.value.remainingMinutes]
      : ["byteBalance.remainingBytes", balance.value?.remainingBytes];
  return value === undefined ? { field, description } : undefined;
}

function missingExpiration({ expirationTime }: PlanModule): FieldViolation | undefined {
  const description = "value is required when planModuleState is EXPIRING_SOON";
  return expirationTime === undefined ? { field: "expirationTime", description } : undefined;
}

/** The notifications of a status, and the violations that prevent them. */
export type Notifications = {
  readonly types: NotificationType[];
  readonly violations: FieldViolation[];
};

/**
 * Returns the notifications of a status: for each module in order the one of its balance and the one of its state, then
 * pay-as-you-go, then top-up. The state of a plan has none: an older page of Google says that an expired plan has, but the
 * page about notifications only names modules.
 *
 * Values that a notification requires are checked here and not by `buf.validate`, because a plan group has the same
 * modules but sends no notifications, and because only code can report the path of the module.
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
        add(notifications, stateTriggers.get(module.planModuleState ?? 0), module, at);
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

/** Returns the types of the notifications of one module, in their order. */
export function moduleNotificationsOf(module: PlanModule): NotificationType[] {
  const triggers = [
    balanceTriggers.get(module.coarseBalanceLevel),
    stateTriggers.get(module.planModuleState ?? 0),
  ];
  return triggers.flatMap((trigger) => trigger?.type ?? []);
}

function add(to: Notifications, trigger: Trigger | undefined, module: PlanModule, path: () => string): void {
  if (trigger === undefined) {
    return;
  }
  to.types.push(trigger.type);
  const violation = trigger.missing?.(module);
  if (violation !== undefined) {
    to.violations.push({ ...violation, field: `${path()}.${violation.field}` });
  }
}
