import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { PlanState } from "../../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { spanText } from "../../../plans/span-text.ts";
import type { Tone } from "../../ui/tone.ts";

/** A word in a colour. */
export type Label = { readonly text: string; readonly tone: Tone };

/** One line of what else is known, such as `Used` and `1.2 GiB`. */
export type Fact = {
  readonly label: string;
  readonly text: string;
  /** The time that the text describes. */
  readonly at?: Timestamp;
  readonly tone?: Tone;
  /** Whether the text is an amount, in the language of the status. Other texts are English. */
  readonly isAmount?: true;
};

/** Returns whether a time has come. */
export function isPast(time: Timestamp, nowMs: number): boolean {
  return timestampMs(time) <= nowMs;
}

/** Less than this is now, in ms. */
const momentMs = 30_000;

/** Returns how far a time is from now: `in 20 days`, `5 h ago` or `just now`. */
export function distanceText(time: Timestamp, nowMs: number): string {
  const away = timestampMs(time) - nowMs;
  if (Math.abs(away) < momentMs) {
    return away > 0 ? "in less than a minute" : "just now";
  }
  return away > 0 ? `in ${spanText(away)}` : `${spanText(-away)} ago`;
}

const states: Readonly<Record<PlanState, Label | undefined>> = {
  [PlanState.PLAN_STATE_UNSPECIFIED]: undefined,
  [PlanState.ACTIVE]: { text: "Active", tone: "good" },
  [PlanState.INACTIVE]: { text: "Inactive", tone: "neutral" },
  [PlanState.EXPIRING_SOON]: { text: "Expiring soon", tone: "warn" },
  [PlanState.NEWLY_ACTIVE]: { text: "Newly active", tone: "good" },
  [PlanState.EXPIRED]: { text: "Expired", tone: "bad" },
};

/** Returns the label of a state; undefined if it is not stated. */
export function stateLabel(state: PlanState | undefined): Label | undefined {
  return states[state ?? PlanState.PLAN_STATE_UNSPECIFIED];
}

/** Returns why a plan or module in this state cannot be used; undefined if it can. */
export function unusableBy(
  state: PlanState | undefined,
  ended: Timestamp | undefined,
  nowMs: number,
): string | undefined {
  if (state === PlanState.INACTIVE) {
    return "Cannot be used now";
  }
  if (state === PlanState.EXPIRED) {
    return "Expired";
  }
  return ended && isPast(ended, nowMs)
    ? "Its time has passed, although its state does not say so"
    : undefined;
}

/** Puts the first letter of a word into upper case. */
export function capitalized(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
