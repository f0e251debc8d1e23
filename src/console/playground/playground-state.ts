import { computed, signal } from "@preact/signals";
import { findExample } from "../../examples/index.ts";
import type { Contract } from "../contract/contract.ts";
import { loadContract } from "../contract/load-contract.ts";
import { emulatedNow } from "../emulator/emulated-clock.ts";
import { defaultOperator } from "../emulator/resource-names.ts";
import { type Draft, draft, saveDraft } from "../ui/draft.ts";
import type { DraftCheck } from "./check-draft.ts";
import { type Checker, createChecker, startWorker } from "./checker.ts";
import { type PlacedViolation, placeViolations } from "./place-violations.ts";
import { type PushProtocol, pathOverRest, pushBody } from "./push/push-body.ts";
import type { PushAnswer } from "./push/send-push.ts";

/** The contract with its comments; undefined until it is loaded. */
export const contract = signal<Contract | undefined>(undefined);

/** What the emulator would answer to the draft; undefined until it was checked. */
export const check = signal<DraftCheck | undefined>(undefined);

/** Whether drafts cannot be checked, because the rules could not be loaded. */
export const isUncheckable = signal(false);

let checker: Checker | undefined;

/** Checks the draft at the emulated time. The result is in `check` a little later. */
export function checkNow(): void {
  checker ??= createChecker(startWorker(), takeCheck, () => {
    isUncheckable.value = true;
    checker = undefined;
  });
  if (draft.value !== undefined) {
    checker.check(draft.value, emulatedNow());
  }
}

function takeCheck(checked: Draft, result: DraftCheck): void {
  // A result of an older text would mark the wrong places.
  if (checked === draft.value) {
    check.value = result;
    isUncheckable.value = false;
  }
}

/** What is wrong with the draft: by the rules, and what only the answer to its push says. */
export const violations = computed((): readonly PlacedViolation[] | undefined => {
  const found = check.value?.violations;
  const answered = answer.value;
  if (found === undefined || answered?.draft !== draft.value || answered?.result.kind !== "rejected") {
    return found;
  }
  const { draft: pushed, protocol: by, result } = answered;
  const isKnown = ({ field, description }: PlacedViolation) =>
    found.some((each) => each.field === field && each.description === description);
  const body = pushBody(pushed, by);
  const placed = placeViolations(result.violations, pushed, body).map((each) => ({
    ...each,
    field: pathOverRest(each.field, pushed, body),
  }));
  return [...found, ...placed.filter((each) => !isKnown(each))];
});

/** How the next push is sent. */
export const protocol = signal<PushProtocol>("rest");

/** The answer to the last push; undefined before the first one. */
export const answer = signal<PushAnswer | undefined>(undefined);

/** What was done to the text, to be told; it can be undone. */
export const notice = signal<string | undefined>(undefined);

/** Loads the comments of the contract. Without them, completion and hover show types only. */
export function loadComments(): void {
  loadContract().then(
    (loaded) => {
      contract.value = loaded;
    },
    () => {
      contract.value = undefined;
    },
  );
}

/** The text of the template that was chosen last. */
let templateText = "";

/** Whether the text of the draft is a template that nobody has changed. */
export function isTemplate(): boolean {
  return draft.value?.text === templateText;
}

/** Returns the draft of a first visit. */
export function firstDraft(): Draft {
  return withTemplate("prepaid", {
    method: "CreateUserPlanStatus",
    operator: defaultOperator,
    clientId: "mobiledataplan",
    userKey: "+14155550100",
    text: "",
  });
}

/** Returns a draft with an example at the emulated time as its text. */
export function withTemplate(name: string, old: Draft): Draft {
  const example = findExample(name);
  if (example === undefined) {
    return old;
  }
  templateText = `${JSON.stringify(example.body(new Date(emulatedNow())), null, 2)}\n`;
  const isGroup = example.kind === "planGroup";
  const fits = isGroup === (old.method === "CreatePlanGroup");
  const method = isGroup ? "CreatePlanGroup" : "CreateUserPlanStatus";
  return { ...old, ...(!fits && { method, clientId: isGroup ? "" : "mobiledataplan" }), text: templateText };
}

/** Changes fields of the draft. */
export function changeDraft(change: Partial<Draft>): void {
  if (draft.value !== undefined) {
    saveDraft({ ...draft.value, ...change });
  }
}
