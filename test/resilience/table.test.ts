import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { scenarios } from "./scenarios/index.ts";
import { resilienceText, tableOf } from "./table.ts";

const committed = readFileSync(new URL("../../docs/resilience.md", import.meta.url), "utf8");
const row = { done: "this", required: "that", seen: "so" };

describe("the table of resilience", () => {
  it("has a line for each scenario, and says which failed and which were not run", () => {
    expect(
      tableOf([
        { name: "one", outcome: { ...row, faults: [] } },
        { name: "two", outcome: { ...row, faults: ["lost"] } },
        { name: "three", outcome: { notRun: "it needs root" } },
      ]),
    ).toEqual([
      "| Scenario | Done | Required | Seen | Outcome |",
      "| --- | --- | --- | --- | --- |",
      "| one | this | that | so | passed |",
      "| two | this | that | so | FAILED |",
      "| three | – | – | – | not run: it needs root |",
    ]);
  });

  it("was written for the scenarios that there are, all of which were run and passed", () => {
    const rows = [...committed.matchAll(/^\| ([a-z][a-z-]*) \|.*\| (.+?) \|$/gm)].map(([, name, outcome]) => [
      name,
      outcome,
    ]);
    expect(rows).toEqual(scenarios.map(({ name }) => [name, "passed"]));
  });

  it("says how to repeat it", () => {
    expect(resilienceText([], "2 processors")).toMatch(
      /Figures of 2 processors\. `npm run test:all -- --project resilience`/,
    );
  });
});
