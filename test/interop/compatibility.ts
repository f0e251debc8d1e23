import { committedFigures, type Figures } from "../support/compatibility/figures.ts";
import { openApiHeading } from "../tools/openapi/generators.ts";
import { forms, protocols } from "./judge.ts";
import type { Outcome } from "./run-language.ts";

/** Heading of the suite's section in docs/compatibility.md. */
export const interopHeading = "The same calls in several languages";

/**
 * Returns the section of docs/compatibility.md.
 *
 * @param caseCount - The number of vectors.
 * @param openApi - The section about clients that are generated from the OpenAPI document, which another suite writes.
 */
export function interopFigures(
  outcomes: readonly Outcome[],
  caseCount: number,
  openApi: readonly string[] = committedFigures(openApiHeading),
): Figures {
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
      "the code of the contract: from a package as in a release, or by the language's generator from `proto/` in a clone or",
      "from an archive of a release.",
      "",
      ...table(["Libraries", "Code of the contract", ...protocols], rows),
      ...(skipped.length > 0 ? ["", "Not run on the machine that wrote this table:", "", ...skipped] : []),
      "",
      "`json` means that messages are JSON on the wire instead of binary. The programs are in `test/interop`.",
      "",
      `All answers are as expected in these languages. The last row is of [another suite](#${anchorOf(openApiHeading)}):`,
      "",
      ...table(["Code of the contract", "Languages"], waysOf(ran, openApi)),
    ],
  };
}

/** Returns a row for each way to get code, with the languages whose programs compile and pass every case. */
function waysOf(ran: readonly Outcome[], openApi: readonly string[]): string[][] {
  const passed = ran.filter(
    ({ results, problems }) => problems.length === 0 && results.every((each) => each.passed === each.total),
  );
  const clients = openApi.flatMap((line) => /^\| (\S.*?:.*?)(?: \| yes)+ \|$/.exec(line)?.[1] ?? []);
  const ways = Map.groupBy(
    [...passed, ...clients.map((name) => ({ name, code: "OpenAPI client" }))],
    ({ code }) => code,
  );
  return [...ways].map(([code, programs]) => {
    const languages = programs.map(({ name }) => /^[^ ,:]+/.exec(name)?.[0] ?? name);
    return [code, [...new Set(languages)].toSorted().join(", ")];
  });
}

/** Returns the anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading.toLowerCase().replaceAll(" ", "-");
}

function cell({ results }: Outcome, protocol: string): string {
  const result = results.find((each) => each.protocol === protocol);
  return result === undefined ? "–" : `${result.passed}/${result.total}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), `|${" --- |".repeat(head.length)}`, ...rows.map(line)];
}
