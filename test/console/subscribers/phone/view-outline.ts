import type { Fact, Label } from "../../../../src/console/subscribers/phone/labels.ts";
import type { PhoneView } from "../../../../src/console/subscribers/phone/phone-view.ts";

/** Returns what is drawn as lines of text: indented by level, with `✗` for what is greyed. */
export function outlineOf(view: PhoneView): string[] {
  const { plans, account, hidden } = view;
  return [
    `${mark(hidden)}${view.title || "untitled"} (${view.language.lang}, ${view.language.dir}) ${factsText(view.facts)}`.trimEnd(),
    ...plans.flatMap((plan) => [
      `  ${mark(plan.unusable)}${plan.name}${labelsText(plan.labels)} ${factsText(plan.facts)}`.trimEnd(),
      ...plan.modules.map(({ name, unusable, balance, labels, facts }) =>
        `    ${mark(unusable)}${name}: ${balance.text}${barText(balance.left)}${labelsText(labels)} ${factsText(facts)}`.trimEnd(),
      ),
    ]),
    ...(account
      ? [
          `  Account ${account.balance}${labelsText(account.status ? [account.status] : [])} ${factsText(account.facts)}`,
        ]
      : []),
  ];
}

const mark = (why: string | undefined) => (why === undefined ? "" : "✗ ");
const barText = (left: number | undefined) => (left === undefined ? "" : ` |${left.toFixed(2)}|`);
const labelsText = (labels: readonly Label[]) =>
  labels.map(({ text, tone }) => ` [${text} ${tone}]`).join("");
const factsText = (facts: readonly Fact[]) => facts.map(({ label, text }) => `${label} ${text}`).join("; ");
