import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { NotificationType as Type } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import type { AccountInfo, Plan, PlanModule } from "../../gen/mobiledataplansharing/v1/plans_pb.ts";
import type { PlanStatus } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { shortenText } from "../contract/field-violation.ts";
import { formatInstant, instantOf } from "../contract/instant.ts";
import { byteFormat, moneyText } from "./amount-text.ts";
import { moduleNotificationsOf } from "./notifications.ts";

/** A notification, as a user might read it. */
export type NotificationText = { readonly type: Type; readonly text: string };

/** Returns the notifications that a push was answered with, in their order. The wording is of this project. */
export function notificationTexts(status: PlanStatus): NotificationText[] {
  const ofModules = status.plans.flatMap((plan) =>
    plan.planModules.flatMap((module) =>
      moduleNotificationsOf(module).map((type) => ({ type, text: moduleText(type, module, plan) })),
    ),
  );
  // Those of the account are behind those of the modules.
  const ofAccount = status.notifications
    .slice(ofModules.length)
    .map((type) => ({ type, text: accountText(type, status.accountInfo) }));
  return [...ofModules, ...ofAccount];
}

function moduleText(type: Type, module: PlanModule, plan: Plan): string {
  const name = nameOf(module, plan);
  const { expirationTime } = module;
  switch (type) {
    case Type.NOTIFICATION_LOW_BALANCE_WARNING:
      return `${name} is running low: ${remainder(module)} left${end(", valid until", expirationTime)}.`;
    case Type.NOTIFICATION_OUT_OF_DATA:
      return `${name} has no data left.`;
    case Type.NOTIFICATION_DATA_EXPIRATION_WARNING:
      return `${name} expires${end(" at", expirationTime)}${andRemainder(module)}.`;
    case Type.NOTIFICATION_PLAN_ACTIVATION:
      return `${name} is now active${end(", valid until", expirationTime)}${andRemainder(module)}.`;
    default:
      return `${name} has expired.`;
  }
}

function accountText(type: Type, account: AccountInfo | undefined): string {
  if (type === Type.NOTIFICATION_PAY_AS_YOU_GO) {
    const charge = account?.payAsYouGoCharge;
    return `You pay for data as you use it${charge === undefined ? "" : `: ${moneyText(charge)} so far`}.`;
  }
  const { accountTopUp: added, accountBalance: balance } = account ?? {};
  const isZero = added === undefined || (added.units === 0n && added.nanos === 0);
  const by = isZero ? "" : ` with ${moneyText(added)}`;
  return `Your account was topped up${by}${balance === undefined ? "" : `; its balance is ${moneyText(balance)}`}.`;
}

/** Longest name in a text, in characters: the modules of a plan all show its name. */
const maxNameLength = 100;

/** Returns the names of a module and its plan. */
function nameOf({ moduleName }: PlanModule, { planName, planId }: Plan): string {
  const plan = planName === "" ? planId : planName;
  const names = plan === moduleName ? [plan] : [plan, moduleName];
  return names.map((name) => shortenText(name, maxNameLength)).join(": ");
}

/** Returns what is left of a module, empty if that is not stated. */
function remainder({ balance }: PlanModule): string {
  if (balance.case === "timeBalance") {
    const { remainingMinutes } = balance.value;
    return remainingMinutes === undefined ? "" : `${remainingMinutes} min`;
  }
  const { quotaBytes, remainingBytes } = balance.value ?? {};
  return remainingBytes === undefined ? "" : byteFormat(quotaBytes ?? remainingBytes)(remainingBytes);
}

function andRemainder(module: PlanModule): string {
  const left = remainder(module);
  return left === "" ? "" : `; ${left} left`;
}

function end(word: string, time: Timestamp | undefined): string {
  return time === undefined ? "" : `${word} ${formatInstant(instantOf(time))}`;
}
