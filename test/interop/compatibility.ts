import type { Figures } from "../support/compatibility/figures.ts";
import { forms, protocols } from "./judge.ts";
import type { Outcome } from "./run-language.ts";

/** Heading of the suite's section in docs/compatibility.md. */
export const interopHeading = "The same calls in several languages";

/** Returns the section of docs/compatibility.md. `caseCount` is the number of vectors. */
export function interopFigures(outcomes: readonly Outcome[], caseCount: number): Figures {
  const ran = outcomes.filter(({ skipped }) => skipped === undefined);
  const rows = ran.map((outcome) => [
    outcome.name,
    outcome.code,
    ...protocols.map((protocol) => cell(outcome, protocol)),
  ]);
  const skipped = outcomes.flatMap(({ name, skipped: why }) => (why ? [`- ${name}: ${why}`] : []));
  return {
    heading: interopHeading,
    command: "--project interop",
    lines: [
      "Programs in several languages send the same",
      `${caseCount} calls (\`test/vectors/cases.json\`) to \`mdps serve\` with real tokens, and compare every answer: the message, or`,
      "the code, reason and violations of the error. Each call is made twice, with its request parsed from JSON and from",
      `binary: ${caseCount * forms.length} per protocol. The table shows how many answers were as expected, and where a program gets`,
      "the code of the contract: from a package as in a release, or from `proto/` in a clone by the language's generator.",
      "",
      ...table(["Libraries", "Code of the contract", ...protocols], rows),
      ...(skipped.length > 0 ? ["", "Not run on the machine that wrote this table:", "", ...skipped] : []),
      "",
      "`json` means that messages are JSON on the wire instead of binary. The programs are in `test/interop`.",
    ],
  };
}

function cell({ results }: Outcome, protocol: string): string {
  const result = results.find((each) => each.protocol === protocol);
  return result === undefined ? "–" : `${result.passed}/${result.total}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), `|${" --- |".repeat(head.length)}`, ...rows.map(line)];
}
