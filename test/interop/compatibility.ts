import { forms, protocols } from "./judge.ts";
import type { Outcome } from "./run-language.ts";

/** Returns `docs/compatibility.md`: who could speak what with the server. `caseCount` is that of the vectors. */
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
    "Programs in several languages, with code that each language's own generator makes from `proto/`, send the same",
    `${caseCount} calls (\`test/vectors/cases.json\`) to \`mdps serve\`, with real tokens, and compare every answer: the message, or`,
    "the code, reason and violations of the error. Each call is made twice, from the JSON of its message and from the",
    `binary: ${caseCount * forms.length} a protocol. The table has how many of them came out as expected.`,
    "",
    ...table(["Libraries", ...spoken], rows),
    ...(skipped.length > 0 ? ["", "Not run on the machine that wrote this:", "", ...skipped] : []),
    "",
    "`json` stands for messages as JSON on the wire, in place of binary. `npm run test:all -- --project interop` repeats all this;",
    "`test/interop` has the programs.",
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
