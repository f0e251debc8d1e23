import {
  BalanceLevel,
  OverUsagePolicy,
  RefreshPeriod,
  PlanModuleTrafficCategory as Traffic,
  PlanModuleTrafficCategorySchema as TrafficSchema,
} from "../../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import type { PlanModule } from "../../../../gen/mobiledataplansharing/v1/plans_pb.ts";
import { byteFormat } from "../../../plans/amount-text.ts";
import { balanceText } from "../../../plans/balance-text.ts";
import { enumWord } from "../../../plans/enum-word.ts";
import type { Tone } from "../../ui/tone.ts";
import {
  capitalized,
  distanceText,
  type Fact,
  isPast,
  type Label,
  stateLabel,
  unusableBy,
} from "./labels.ts";

/** A module as it is drawn. */
export type ModuleView = {
  readonly name: string;
  readonly description: string;
  /** Why its data cannot be used; undefined if it can. */
  readonly unusable: string | undefined;
  readonly balance: {
    /** What is left, such as `1.5 GiB of 2 GiB left (75 %)`. */
    readonly text: string;
    /** Whether an amount is stated. */
    readonly isStated: boolean;
    /** Share of the quota that is left, from 0 to 1; undefined without a bar. */
    readonly left: number | undefined;
    readonly tone: Tone;
  };
  /** Balance level and state. */
  readonly labels: readonly Label[];
  readonly facts: readonly Fact[];
};

const levels: Readonly<Record<BalanceLevel, Label | undefined>> = {
  [BalanceLevel.BALANCE_LEVEL_UNSPECIFIED]: undefined,
  [BalanceLevel.NO_PLAN]: { text: "No plan", tone: "bad" },
  [BalanceLevel.OUT_OF_DATA]: { text: "Out of data", tone: "bad" },
  [BalanceLevel.LOW_QUOTA]: { text: "Low quota", tone: "warn" },
  [BalanceLevel.HIGH_QUOTA]: { text: "High quota", tone: "good" },
};

/** Returns what is drawn of a module. */
export function moduleView(module: PlanModule, nowMs: number): ModuleView {
  const { coarseBalanceLevel, planModuleState, expirationTime } = module;
  const { text, left } = balanceText(module);
  const level = levels[coarseBalanceLevel];
  const labels = [level, stateLabel(planModuleState)];
  return {
    name: module.moduleName,
    description: module.description,
    unusable: unusableBy(planModuleState, isRecurring(module) ? undefined : expirationTime, nowMs),
    balance: {
      text: text === "" ? "No exact amount" : capitalized(text),
      isStated: text !== "",
      left: left === undefined ? undefined : Math.min(left, 1),
      tone: level?.tone ?? (left !== undefined && left <= 0 ? "bad" : "good"),
    },
    labels: labels.filter((label) => label !== undefined),
    facts: factsOf(module, nowMs),
  };
}

function isRecurring({ refreshPeriod = RefreshPeriod.REFRESH_PERIOD_NONE }: PlanModule): boolean {
  return refreshPeriod !== RefreshPeriod.REFRESH_PERIOD_NONE;
}

const periods: Readonly<Record<RefreshPeriod, string>> = {
  [RefreshPeriod.REFRESH_PERIOD_NONE]: "never",
  [RefreshPeriod.DAILY]: "every day",
  [RefreshPeriod.MONTHLY]: "every month",
  [RefreshPeriod.BIWEEKLY]: "every two weeks",
  [RefreshPeriod.WEEKLY]: "every week",
};

function factsOf(module: PlanModule, nowMs: number): Fact[] {
  const { expirationTime, refreshPeriod, usedBytes } = module;
  const facts: (Fact | undefined)[] = [
    usedBytes === undefined ? undefined : { label: "Used", text: byteFormat(quotaOf(module))(usedBytes) },
    trafficFact(module),
    refreshPeriod === undefined
      ? undefined
      : { label: "Refreshes", text: periods[refreshPeriod] ?? String(refreshPeriod) },
    expirationTime && {
      label: endLabel(isRecurring(module), isPast(expirationTime, nowMs)),
      text: distanceText(expirationTime, nowMs),
      at: expirationTime,
      ...(isPast(expirationTime, nowMs) && { tone: "bad" }),
    },
    overUsageFact(module),
  ];
  return facts.filter((fact) => fact !== undefined);
}

/** Returns the amount whose unit other amounts of the module have. */
function quotaOf({ balance, usedBytes = 0n }: PlanModule): bigint {
  return (balance.case === "byteBalance" && balance.value.quotaBytes) || usedBytes;
}

function trafficFact({ trafficCategories }: PlanModule): Fact | undefined {
  const words = trafficCategories
    .filter((category) => category !== Traffic.PLAN_MODULE_TRAFFIC_CATEGORY_UNSPECIFIED)
    .map((category) => (category === Traffic.GENERIC ? "all traffic" : enumWord(TrafficSchema, category)));
  return words.length === 0 ? undefined : { label: "For", text: words.join(", ") };
}

function endLabel(recurs: boolean, past: boolean): string {
  if (recurs) {
    return past ? "Refresh was due" : "Next refresh";
  }
  return past ? "Expired" : "Expires";
}

function overUsageFact({ overUsagePolicy, maxRateKbps }: PlanModule): Fact | undefined {
  const rate = maxRateKbps > 0n ? `at most ${maxRateKbps} kbit/s` : "";
  switch (overUsagePolicy) {
    case OverUsagePolicy.THROTTLED:
      return { label: "When used up", text: rate === "" ? "slower" : `slower, ${rate}` };
    case OverUsagePolicy.BLOCKED:
      return { label: "When used up", text: rate === "" ? "blocked" : `blocked; until then ${rate}` };
    case OverUsagePolicy.PAY_AS_YOU_GO:
      return { label: "When used up", text: rate === "" ? "pay as you go" : `pay as you go, ${rate}` };
    default:
      return rate === "" ? undefined : { label: "Speed", text: rate };
  }
}
