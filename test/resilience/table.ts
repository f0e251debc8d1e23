import type { NotRun, Row } from "./scenario.ts";

/** The name and the outcome of a scenario. */
export type Result = { readonly name: string; readonly outcome: Row | NotRun };

/** Returns the lines of the Markdown table, including its header. */
export function tableOf(results: readonly Result[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const head = ["Scenario", "Action", "Expected", "Observed", "Result"];
  return [
    line(head),
    `|${" --- |".repeat(head.length)}`,
    ...results.map(({ name, outcome }) =>
      line(
        "notRun" in outcome
          ? [name, "–", "–", "–", `not run: ${outcome.notRun}`]
          : [
              name,
              outcome.action,
              outcome.expected,
              outcome.observed,
              isPassed(outcome) ? "passed" : "FAILED",
            ],
      ),
    ),
  ];
}

/** Returns whether a scenario ran without problems. */
export function isPassed(outcome: Row | NotRun): boolean {
  return !("notRun" in outcome) && outcome.problems.length === 0;
}

/** Returns the text of `docs/resilience.md`. `machine` describes where the figures were measured. */
export function resilienceText(results: readonly Result[], machine: string): string {
  return `${[
    "<!-- Written by `npm run test:all -- --project resilience --write`. Do not edit. -->",
    "",
    "# Resilience",
    "",
    "Each scenario starts `mdps serve` in its own process on a SQLite store, unless the row says otherwise, applies the",
    "action, and compares the result with the expectation. Statuses are compared one by one: every acknowledged status, or",
    "a later one sent for the same user, must be read back.",
    "",
    ...tableOf(results),
    "",
    "The row `clock` shows the cost of a wrong clock. A status that has expired by the server's clock is deleted for good. A",
    "status pushed with an `updateTime` a day ahead wins until that day. Statuses that expire after the clock is corrected",
    "are never lost. Whether `kill -9` hits before or after a commit is random. Power failures are not tested; the stores sync",
    "to disk before they answer.",
    "",
    `Measured on ${machine}.`,
    "",
    "`npm run test:all -- --project resilience` runs all scenarios, with `--minutes 60` for an hour. `--only kill --seed 7` runs",
    "one scenario with the same random points. Scenarios that cannot run on a machine, for example without root, are reported.",
  ].join("\n")}\n`;
}
