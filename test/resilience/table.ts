import type { NotRun, Row } from "./scenario.ts";

/** A scenario by its name, and what came of it. */
export type Result = { readonly name: string; readonly outcome: Row | NotRun };

/** Returns the rows of the table, a line each, with its head. */
export function tableOf(results: readonly Result[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const head = ["Scenario", "Done", "Required", "Seen", "Outcome"];
  return [
    line(head),
    `|${" --- |".repeat(head.length)}`,
    ...results.map(({ name, outcome }) =>
      line(
        "notRun" in outcome
          ? [name, "–", "–", "–", `not run: ${outcome.notRun}`]
          : [name, outcome.done, outcome.required, outcome.seen, isPassed(outcome) ? "passed" : "FAILED"],
      ),
    ),
  ];
}

/** Says whether all of the required held. */
export function isPassed(outcome: Row | NotRun): boolean {
  return !("notRun" in outcome) && outcome.faults.length === 0;
}

/** Returns `docs/resilience.md`. `machine` says where the figures come from. */
export function resilienceText(results: readonly Result[], machine: string): string {
  return `${[
    "<!-- Written by `npm run test:all -- --project resilience --write`. Do not edit. -->",
    "",
    "# Resilience",
    "",
    "Each row starts `mdps serve` as a process of its own, on a SQLite store, does to it what the second column says, and",
    "compares with what must hold. Statuses are compared one by one: every acknowledged one must be read back, or a later",
    "one of the same user that was sent.",
    "",
    ...tableOf(results),
    "",
    "What a wrong clock costs is in the row `clock`: a status that is over by the server's clock is swept for good, as if its",
    "time had come; one that was pushed with an updateTime of a day ahead wins until that day. Statuses that hold longer than",
    "the clock is wrong are never lost. Whether `kill -9` comes before or after a commit is left to chance; power that fails is",
    "not tried here: the stores sync before they answer.",
    "",
    `Figures of ${machine}. \`npm run test:all -- --project resilience\` repeats all this, \`-- --minutes 60\` for an hour,`,
    "`-- --only kill --seed 7` one scenario with its random points. What needs root or an option that is missing says so.",
  ].join("\n")}\n`;
}
