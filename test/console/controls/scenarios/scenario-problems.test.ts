import { describe, expect, it } from "vitest";
import {
  lineRange,
  placedProblems,
  recordsText,
} from "../../../../src/console/controls/scenarios/scenario-problems.ts";
import { textSource } from "../../../../src/emulator/scenarios/named-source.ts";
import { ScenarioError, violationsOf } from "../../../../src/emulator/scenarios/scenario.ts";

describe("the errors of a scenario", () => {
  it("have the places that the emulator names", () => {
    const violations = violationsOf([
      { line: 3, column: 5, path: "records[0].userKey", description: "value is required" },
    ]);
    expect(placedProblems(violations)).toEqual([
      { line: 3, column: 5, path: "records[0].userKey", description: "value is required" },
    ]);
  });

  it("of YAML that cannot be parsed are of the whole text, at the place of the error", () => {
    let violations: ReturnType<typeof violationsOf> = [];
    try {
      textSource("text", "records:\n  - [");
    } catch (error) {
      violations = error instanceof ScenarioError ? violationsOf(error.problems) : [];
    }
    const [first] = placedProblems(violations);
    expect(first).toMatchObject({ line: 2, path: "" });
    expect(first?.description).not.toContain("line");
  });

  it("may have no place", () => {
    expect(placedProblems([{ field: "scenarioId", description: "must be one of empty" }])).toEqual([
      { line: undefined, column: undefined, path: "scenarioId", description: "must be one of empty" },
    ]);
  });

  it("are found in the text by their lines", () => {
    const text = "a: 1\nbb: 2\n\nlast";
    const lines = [1, 2, 3, 4, 5].map((line) => {
      const { start, end } = lineRange(text, line);
      return text.slice(start, end);
    });
    expect(lines).toEqual(["a: 1", "bb: 2", "", "last", ""]);
  });
});

describe("the outcome of a scenario", () => {
  it("counts its records", () => {
    expect([0, 1, 15].map(recordsText)).toEqual(["0 records stored", "1 record stored", "15 records stored"]);
  });
});
