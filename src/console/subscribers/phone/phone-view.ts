import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { PlanCategorySchema, UiCompatibility } from "../../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import type { Plan } from "../../../../gen/mobiledataplansharing/v1/plans_pb.ts";
import type { PlanGroup, PlanStatus } from "../../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { enumWord } from "../../../plans/enum-word.ts";
import { type AccountView, accountView } from "./account-view.ts";
import {
  capitalized,
  distanceText,
  type Fact,
  isPast,
  type Label,
  stateLabel,
  unusableBy,
} from "./labels.ts";
import { type ModuleView, moduleView } from "./module-view.ts";
import { type NotShown, notShownOfGroup, notShownOfStatus } from "./not-shown.ts";
import { type TextLanguage, textLanguage } from "./text-language.ts";

/** A plan as it is drawn. */
export type PlanView = {
  readonly name: string;
  /** Category and state. */
  readonly labels: readonly Label[];
  /** Why it cannot be used; undefined if it can. */
  readonly unusable: string | undefined;
  readonly facts: readonly Fact[];
  readonly modules: readonly ModuleView[];
  /** Number of modules that are left out. */
  readonly moreModules: number;
};

/** What a stored status looks like on a phone: an illustration, Google does not publish its user interface. */
export type PhoneView = {
  readonly language: TextLanguage;
  /** Title of the contract; empty if there is none. */
  readonly title: string;
  /** Why nothing of it may be shown to the user; undefined if it may. */
  readonly hidden: string | undefined;
  readonly plans: readonly PlanView[];
  /** Number of plans that are left out. */
  readonly morePlans: number;
  readonly account: AccountView | undefined;
  /** When it was read from the backend, and when it expires. */
  readonly facts: readonly Fact[];
  /** What is set and not drawn. */
  readonly notShown: readonly NotShown[];
};

/** Plans and modules that are drawn at first: a status may have 128 plans of 128 modules. */
export const firstItems = 40;

/**
 * Returns what is drawn of a status. `nowMs` is the emulated time, in ms since the epoch. At most `most` plans and modules are
 * drawn.
 */
export function phoneView(status: PlanStatus, nowMs: number, most = firstItems): PhoneView {
  const language = textLanguage(status.languageCode);
  const { accountInfo } = status;
  return {
    language,
    title: status.title,
    hidden:
      status.uiCompatibility === UiCompatibility.UI_INCOMPATIBLE
        ? "The push says UI_INCOMPATIBLE: this status may notify the user, but must not be shown."
        : undefined,
    ...planViews(status.plans, nowMs, most),
    account: accountInfo && accountView(accountInfo, language.locale, nowMs),
    facts: timeFacts(status.updateTime, status.expireTime, nowMs),
    notShown: notShownOfStatus(status),
  };
}

/** Returns what is drawn of a plan group. It names no language. */
export function groupView(group: PlanGroup, nowMs: number, most = firstItems): PhoneView {
  return {
    language: { lang: "", dir: "ltr", locale: undefined },
    title: "",
    hidden: undefined,
    ...planViews(group.dataPlans, nowMs, most),
    account: undefined,
    facts: timeFacts(group.lastUpdatedTime, group.responseStaleTime, nowMs),
    notShown: notShownOfGroup(group),
  };
}

function planViews(
  plans: readonly Plan[],
  nowMs: number,
  most: number,
): Pick<PhoneView, "plans" | "morePlans"> {
  const views: PlanView[] = [];
  let left = most;
  for (const plan of plans) {
    if (left <= 0) {
      break;
    }
    const view = planView(plan, nowMs, left - 1);
    views.push(view);
    left -= 1 + view.modules.length;
  }
  return { plans: views, morePlans: plans.length - views.length };
}

function planView(plan: Plan, nowMs: number, mostModules: number): PlanView {
  const { planState, expirationTime } = plan;
  const category = capitalized(enumWord(PlanCategorySchema, plan.planCategory));
  const state = stateLabel(planState);
  return {
    name: plan.planName === "" ? plan.planId : plan.planName,
    labels: [
      ...(category === "" ? [] : [{ text: category, tone: "neutral" as const }]),
      ...(state === undefined ? [] : [state]),
    ],
    unusable: unusableBy(planState, expirationTime, nowMs),
    facts: expirationTime ? [endFact("Ends", "Ended", expirationTime, nowMs)] : [],
    modules: plan.planModules.slice(0, mostModules).map((module) => moduleView(module, nowMs)),
    moreModules: Math.max(0, plan.planModules.length - mostModules),
  };
}

function timeFacts(updated: Timestamp | undefined, expires: Timestamp | undefined, nowMs: number): Fact[] {
  return [
    ...(updated ? [{ label: "As of", text: distanceText(updated, nowMs), at: updated }] : []),
    ...(expires ? [endFact("Outdated", "Outdated", expires, nowMs)] : []),
  ];
}

function endFact(coming: string, past: string, at: Timestamp, nowMs: number): Fact {
  const text = distanceText(at, nowMs);
  return isPast(at, nowMs) ? { label: past, text, at, tone: "bad" } : { label: coming, text, at };
}
