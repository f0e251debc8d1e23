import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  AccountBalanceStatusSchema,
  BalanceLevel,
  BalanceLevelSchema,
  NotificationTypeSchema,
  OverUsagePolicySchema,
  PlanCategorySchema,
  PlanModuleTrafficCategorySchema,
  PlanState,
  PlanStateSchema,
  RefreshPeriodSchema,
  UiCompatibility,
} from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import type { AccountInfo, Plan, PlanModule } from "../../../gen/mobiledataplansharing/v1/plans_pb.ts";
import type { PlanStatus } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { formatInstant, instantOf } from "../../contract/instant.ts";
import { moneyText } from "../../plans/amount-text.ts";
import { balanceText } from "../../plans/balance-text.ts";
import { enumWord } from "../../plans/enum-word.ts";
import { spanText } from "../../plans/span-text.ts";
import { bar } from "./bar.ts";

type CardOptions = {
  /** Line below the title that names the user. */
  heading: string;
  /** Milliseconds since the epoch. */
  nowMs: number;
  /** Styles a text, or returns it unchanged. */
  paint(style: Paint, text: string): string;
};

type Paint = "bold" | "dim" | "green" | "yellow" | "red";

/** Formats a plan status for a terminal. */
export function planCard(status: PlanStatus, options: CardOptions): string {
  const { heading, nowMs, paint } = options;
  const lines = [
    paint("bold", clean(status.title) || "Plan status"),
    paint("dim", heading),
    ...status.plans.flatMap((plan) => ["", ...planLines(plan, options)]),
    "",
    ...(status.accountInfo === undefined ? [] : [accountLine(status.accountInfo)]),
    joined([
      status.expireTime && `expires ${moment(status.expireTime, nowMs)}`,
      status.updateTime && `read from the backend ${moment(status.updateTime, nowMs)}`,
    ]),
    joined([
      `language ${clean(status.languageCode)}`,
      status.uiCompatibility === UiCompatibility.UI_INCOMPATIBLE &&
        paint("yellow", "not to be shown to the user"),
      status.notifications.length > 0 &&
        `notified: ${status.notifications.map((type) => enumWord(NotificationTypeSchema, type)).join(", ")}`,
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

function planLines(plan: Plan, options: CardOptions): string[] {
  const { nowMs, paint } = options;
  const facts = joined([
    plan.planName !== "" && clean(plan.planId),
    enumWord(PlanCategorySchema, plan.planCategory),
    state(plan.planState, paint),
    plan.expirationTime && `ends ${moment(plan.expirationTime, nowMs)}`,
  ]);
  return [
    `${paint("bold", clean(plan.planName) || clean(plan.planId))}  ${facts}`.trimEnd(),
    ...plan.planModules.flatMap((module) => moduleLines(module, options)),
  ];
}

function moduleLines(module: PlanModule, { nowMs, paint }: CardOptions): string[] {
  const { text, left } = balanceText(module);
  const level = module.coarseBalanceLevel;
  const out = level === BalanceLevel.OUT_OF_DATA || level === BalanceLevel.NO_PLAN;
  const color: Paint = out ? "red" : level === BalanceLevel.LOW_QUOTA ? "yellow" : "green";
  const balance = joined([text, level !== 0 && paint(color, enumWord(BalanceLevelSchema, level))]);
  const details = joined([
    state(module.planModuleState, paint),
    module.refreshPeriod !== undefined && `refreshes: ${enumWord(RefreshPeriodSchema, module.refreshPeriod)}`,
    module.expirationTime && `until ${moment(module.expirationTime, nowMs)}`,
    module.overUsagePolicy !== 0 &&
      `past the quota: ${enumWord(OverUsagePolicySchema, module.overUsagePolicy)}`,
    module.maxRateKbps > 0n && `at most ${module.maxRateKbps} kbit/s`,
    module.trafficCategories.length > 0 &&
      `for ${module.trafficCategories.map((category) => enumWord(PlanModuleTrafficCategorySchema, category)).join(", ")}`,
  ]);
  return [
    `  ${paint("bold", clean(module.moduleName))}  ${clean(module.description)}`,
    `    ${left === undefined ? "" : `${paint(color, bar(left))}  `}${balance}`,
    ...(details === "" ? [] : [`    ${paint("dim", details)}`]),
  ];
}

function accountLine(account: AccountInfo): string {
  return `Account  ${joined([
    account.accountBalance && moneyText(account.accountBalance),
    enumWord(AccountBalanceStatusSchema, account.accountBalanceStatus ?? 0),
    account.validUntil && `valid until ${formatInstant(instantOf(account.validUntil))}`,
    account.loanBalance && `loan ${moneyText(account.loanBalance)}`,
    account.unpaidLoan && `unpaid ${moneyText(account.unpaidLoan)}`,
  ])}`;
}

function state(value: PlanState | undefined, paint: CardOptions["paint"]): string | false {
  if (value === undefined || value === PlanState.PLAN_STATE_UNSPECIFIED) {
    return false;
  }
  const name = enumWord(PlanStateSchema, value);
  return value === PlanState.EXPIRED
    ? paint("red", name)
    : value === PlanState.EXPIRING_SOON
      ? paint("yellow", name)
      : name;
}

/** Formats a time and its distance from now. */
function moment(time: Timestamp, nowMs: number): string {
  const away = timestampMs(time) - nowMs;
  const span = spanText(Math.abs(away));
  return `${formatInstant(instantOf(time))} (${away < 0 ? `${span} ago` : `in ${span}`})`;
}

function joined(parts: readonly (string | false | undefined)[]): string {
  return parts.filter((part) => part).join(" · ");
}

/** Replaces characters that control the terminal or the direction of text: the operator chooses these texts. */
function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, "\ufffd");
}
