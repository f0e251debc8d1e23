import { forms, protocols } from "./judge.ts";
import type { Outcome } from "./run-language.ts";

/** Returns the text of `docs/compatibility.md`. `caseCount` is the number of vectors. */
export function compatibilityText(outcomes: readonly Outcome[], caseCount: number): string {
  const spoken = protocols.filter((protocol) =>
    outcomes.some(({ results }) => results.some((result) => result.protocol === protocol)),
  );
  const ran = outcomes.filter(({ skipped }) => skipped === undefined);
  const rows = ran.map((outcome) => [outcome.name, ...spoken.map((protocol) => cell(outcome, protocol))]);
  const skipped = outcomes.flatMap(({ name, skipped: why }) => (why ? [`- ${name}: ${why}`] : []));
  return `${[
    "<!-- Written by `npm run test:all -- --project interop --write`. Do not edit. -->",
    "",
    "# Compatibility",
    "",
    "Programs in several languages, with code that the language's own generator creates from `proto/`, send the same",
    `${caseCount} calls (\`test/vectors/cases.json\`) to \`mdps serve\` with real tokens, and compare every answer: the message, or`,
    "the code, reason and violations of the error. Each call is made twice, with its request parsed from JSON and from",
    `binary: ${caseCount * forms.length} per protocol. The table shows how many answers were as expected.`,
    "",
    ...table(["Libraries", ...spoken], rows),
    ...(skipped.length > 0 ? ["", "Not run on the machine that wrote this table:", "", ...skipped] : []),
    "",
    "`json` means that messages are JSON on the wire instead of binary. The programs are in `test/interop`. To run them, use",
    "`npm run test:all -- --project interop`.",
  ].join("\n")}\n`;
}

function cell({ results }: Outcome, protocol: string): string {
  const result = results.find((each) => each.protocol === protocol);
  return result === undefined ? "–" : `${result.passed}/${result.total}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), `|${" --- |".repeat(head.length)}`, ...rows.map(line)];
}
