import {
  type CallMatcher,
  Fault_Cut as Cut,
  type Fault,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { ErrorReasonSchema } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { codeName } from "./code-name.ts";
import { durationText, msOf } from "./durations.ts";

const cutWords: Readonly<Record<Cut, string>> = {
  [Cut.CUT_UNSPECIFIED]: "cut",
  [Cut.BEFORE_PROCESSING]: "cut before processing",
  [Cut.BEFORE_ANSWER]: "cut after storing",
  [Cut.WITHIN_ANSWER]: "cut within the answer",
};

/** Returns what a fault does, in as few words as possible: `server overloaded`, `cut after storing`, `30 s delay`. */
export function effectWords({ delay, effect }: Fault): string {
  const delayMs = msOf(delay);
  const words = [effectOf(effect), delayMs > 0 && `${durationText(delayMs)} delay`];
  return words.filter(Boolean).join(" + ") || "nothing";
}

function effectOf(effect: Fault["effect"]): string | undefined {
  switch (effect.case) {
    case "error": {
      const { reason, code } = effect.value;
      return spoken(reason ? (ErrorReasonSchema.value[reason]?.name ?? `reason ${reason}`) : codeName(code));
    }
    case "cut":
      return cutWords[effect.value] ?? "cut";
    default:
      return undefined;
  }
}

/** Returns the words of a constant: `server overloaded` for `SERVER_OVERLOADED`. */
function spoken(constant: string): string {
  return constant.toLowerCase().replaceAll("_", " ");
}

/** Returns which of the calls that match are affected: `the next 3 calls`, `every 10th call`, `10 % of the calls`. */
export function frequencyWords({ frequency, affectedCalls }: Fault): string {
  switch (frequency.case) {
    case "nextCalls": {
      const left = frequency.value - Number(affectedCalls);
      return left === 1 ? "the next call" : `the next ${left} calls`;
    }
    case "everyNth":
      return frequency.value === 1 ? "every call" : `every ${ordinal(frequency.value)} call`;
    case "share":
      return `${percent(frequency.value)} of the calls`;
    default:
      return "every call";
  }
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(4))} %`;
}

function ordinal(number: number): string {
  const ending = [11, 12, 13].includes(number % 100) ? "th" : (["th", "st", "nd", "rd"][number % 10] ?? "th");
  return `${number}${ending}`;
}

/** Returns which calls match, as a list of conditions; empty if every call does. */
export function matchWords(match: CallMatcher | undefined): string[] {
  const { method = "", operator = "", clientId = "", userKey = "" } = match ?? {};
  return [
    method.replace(/^.*\.(?=[^.]+$)/, ""),
    operator.replace("operators/", "operator "),
    clientId && `client ${clientId}`,
    userKey && `key ${userKey}`,
  ].filter((text) => text !== "");
}

/** Returns what the faults do, in one line: `no injected errors`, `2 injected: server overloaded, 30 s delay`. */
export function faultsSummary(faults: readonly Fault[]): string {
  if (faults.length === 0) {
    return "No injected errors";
  }
  const effects = [...new Set(faults.map(effectWords))];
  const named = effects.slice(0, 2).join(", ");
  return `${faults.length} injected: ${named}${effects.length > 2 ? ", …" : ""}`;
}
