import { describe, expect, it } from "vitest";
import { parseSource, type Source } from "../../../src/emulator/scenarios/source-text.ts";
import type { TextProblem } from "../../../src/emulator/scenarios/yaml-document.ts";

function sourceOf(text: string): Source {
  const parsed = parseSource(text);
  expect(parsed).not.toHaveProperty("problems");
  return parsed as Source;
}

function problemsOf(text: string): readonly TextProblem[] {
  const parsed = parseSource(text);
  expect(parsed).toHaveProperty("problems");
  return (parsed as { problems: readonly TextProblem[] }).problems;
}

describe("a text of YAML or JSON", () => {
  it("has the same value in both forms", () => {
    const json = '{"a": [1, "x", true, null, {"b": -1.5}]}';
    const yaml = "# comment\na:\n  - 1\n  - x\n  - true\n  -\n  - b: -1.5\n";
    expect(sourceOf(yaml).value).toEqual(sourceOf(json).value);
  });

  it.each(['{"a": 9223372036854775807}', "a: 9223372036854775807"])(
    "keeps long integers exactly: %s",
    (text) => {
      expect(JSON.stringify(sourceOf(text).value)).toBe('{"a":9223372036854775807}');
    },
  );

  it("reads times, infinite numbers and texts as proto3 JSON has them", () => {
    expect(sourceOf("a: 2027-01-15T12:00:00Z\nb: .inf\nc: .nan\nd: +20d\ne: -5m").value).toEqual({
      a: "2027-01-15T12:00:00Z",
      b: "Infinity",
      c: "NaN",
      d: "+20d",
      e: "-5m",
    });
  });

  it("has the place of a key, of an item, and of what is around a missing key", () => {
    const yaml = sourceOf(
      "records:\n  - userKey: a\n  - userKey: b\n    planStatus:\n      plans: [{planId: 1}]\n",
    );
    const placeOf = (path: string) => Object.values(yaml.placeOf(path));
    expect(placeOf("")).toEqual([1, 1]);
    expect(placeOf("records")).toEqual([1, 1]);
    expect(placeOf("records[1]")).toEqual([3, 5]);
    expect(placeOf("records[1].planStatus.plans[0].planId")).toEqual([5, 16]);
    expect(placeOf("records[1].planStatus.languageCode")).toEqual([4, 5]);
    expect(placeOf("records[7].userKey")).toEqual([1, 1]);
  });

  it("has places in JSON, also of keys in the spelling of the proto and of keys that are no words", () => {
    const json = sourceOf('{\n "plan_status": {\n  "a b.c[0]": 1\n }\n}');
    expect(json.placeOf("planStatus")).toEqual({ line: 2, column: 2 });
    expect(json.placeOf('planStatus."a b.c[0]"')).toEqual({ line: 3, column: 3 });
  });

  it("has the place inside an anchor for what an alias repeats", () => {
    const yaml = sourceOf("a: &x\n  b: 1\nc: *x\n");
    expect(yaml.placeOf("c.b")).toEqual({ line: 2, column: 3 });
    expect(yaml.value).toEqual({ a: { b: 1 }, c: { b: 1 } });
  });

  it("is rejected with every place at which it is not YAML", () => {
    const problems = problemsOf("a: 1\na: 2\nb: {c: 1, c: 2}\nd: !secret x\n");
    expect(problems.map(({ line, column }) => [line, column])).toEqual([
      [2, 1],
      [3, 11],
      [4, 4],
    ]);
    expect(problems[0]?.description).toBe("is a key that occurs twice");
  });

  it("is rejected if a key occurs twice in JSON", () => {
    expect(problemsOf('{"a": {"b": 1,\n "b": 2}}')).toEqual([
      { line: 2, column: 2, description: "is a key that occurs twice" },
    ]);
  });

  it("may have a value that looks like a key", () => {
    expect(sourceOf('{"a": "x\\":y"}').value).toEqual({ a: 'x":y' });
  });

  it.each([
    ["several documents", "a: 1\n---\nb: 2\n", /multiple documents/],
    ["an alias without an anchor", "a: *x\n", /alias \*x has no anchor before it/],
    ["a cycle", "a: &x [*x]\n", /nested deeper than 200 levels/],
    ["YAML nested too deep", `a: ${"[".repeat(5_000)}${"]".repeat(5_000)}`, /nested deeper than 200 levels/],
  ])("is rejected for %s", (_, text, description) => {
    expect(problemsOf(text)[0]?.description).toMatch(description);
  });

  it("is rejected for keys that are no texts", () => {
    expect(problemsOf("? [a]\n: 1\n")).toEqual([
      { line: 1, column: 3, description: "must be a text, as keys are" },
    ]);
  });

  it("has the values of the last anchor before each alias", () => {
    const yaml = sourceOf("a: &x 1\nb: *x\nc: &x 2\nd: *x\n");
    expect(yaml.value).toEqual({ a: 1, b: 1, c: 2, d: 2 });
  });

  it("is rejected if its aliases stand for much more text than it has", () => {
    const levels = Array.from(
      { length: 9 },
      (_, n) => `l${n + 1}: &l${n + 1} [${Array(10).fill(`*l${n}`).join(", ")}]`,
    );
    const bomb = ["l0: &l0 [lol, lol]", ...levels].join("\n");
    expect(problemsOf(bomb)).toEqual([
      {
        line: 1,
        column: 1,
        description: "stands for more than 16777216 characters of JSON: it has too many aliases",
      },
    ]);
  });
});
