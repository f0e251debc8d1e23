import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { scenarios } from "./scenarios/index.ts";
import { resilienceText, tableOf } from "./table.ts";

const committed = readFileSync(new URL("../../docs/resilience.md", import.meta.url), "utf8");
const row = { action: "this", expected: "that", observed: "so" };

describe("docs/resilience.md", () => {
  it("tableOf returns a row per scenario and marks the failed ones and those that were not run", () => {
    expect(
      tableOf([
        { name: "one", outcome: { ...row, problems: [] } },
        { name: "two", outcome: { ...row, problems: ["lost"] } },
        { name: "three", outcome: { notRun: "requires root" } },
      ]),
    ).toEqual([
      "| Scenario | Action | Expected | Observed | Result |",
      "| --- | --- | --- | --- | --- |",
      "| one | this | that | so | passed |",
      "| two | this | that | so | FAILED |",
      "| three | – | – | – | not run: requires root |",
    ]);
  });

  it("docs/resilience.md has exactly one row per scenario, and each passed", () => {
    const rows = [...committed.matchAll(/^\| ([a-z][a-z-]*) \|.*\| (.+?) \|$/gm)].map(([, name, outcome]) => [
      name,
      outcome,
    ]);
    expect(rows).toEqual(scenarios.map(({ name }) => [name, "passed"]));
  });

  it("docs/resilience.md has the text that resilienceText writes", () => {
    const [, machine = ""] = /^Measured on (.*)\.$/m.exec(committed) ?? [];
    expect(committed.split("\n")).toEqual(expect.arrayContaining(resilienceText([], machine).split("\n")));
    expect(machine).toMatch(/processors, Linux .*, Node /);
  });
});
