import { describe, expect, it } from "vitest";
import { judge } from "./judge.ts";

const cases = ["a", "b"];

type Line = Record<string, unknown>;

const line = (form: string, name: string, fields: Line = {}): Line => ({
  protocol: "grpc",
  form,
  case: name,
  ok: true,
  ...fields,
});
const whole: readonly Line[] = [
  line("json", "a"),
  line("json", "b"),
  line("binary", "a"),
  line("binary", "b"),
];
const text = (lines: readonly Line[]) => lines.map((each) => `${JSON.stringify(each)}\n`).join("");

describe("judge", () => {
  it("judge passes a program that reports every case in both forms", () => {
    expect(judge(text(whole), { cases })).toEqual({
      results: [{ protocol: "grpc", passed: 4, total: 4 }],
      problems: [],
    });
  });

  it("judge counts each protocol separately", () => {
    const web = whole.map((each): Line => ({ ...each, protocol: "connect json" }));
    const broken = web.with(0, { ...web[0], ok: false, why: "expected code OK, got INTERNAL" });
    expect(judge(text([...broken, ...whole]), { cases })).toEqual({
      results: [
        { protocol: "grpc", passed: 4, total: 4 },
        { protocol: "connect json", passed: 3, total: 4 },
      ],
      problems: ["connect json, from json, a: expected code OK, got INTERNAL"],
    });
  });

  it.each([0, 1, 2, 3])("judge reports that report %i is missing", (index) => {
    const { results, problems } = judge(text(whole.toSpliced(index, 1)), { cases });
    expect(results).toEqual([{ protocol: "grpc", passed: 3, total: 4 }]);
    expect(problems).toEqual([`not reported: grpc, from ${whole[index]?.form}, ${whole[index]?.case}`]);
  });

  it("judge fails a program that prints nothing", () => {
    expect(judge("\n", { cases })).toEqual({ results: [], problems: ["no case was reported"] });
  });

  it("judge fails a program that omits a required protocol", () => {
    const { results, problems } = judge(text(whole), { cases, protocols: ["grpc", "grpc-web"] });
    expect(results).toContainEqual({ protocol: "grpc-web", passed: 0, total: 4 });
    expect(problems).toHaveLength(4);
  });

  it("judge fails a case that is reported twice, and counts the failure", () => {
    for (const twice of [
      [line("json", "a"), line("json", "a", { ok: false, why: "no" })],
      [line("json", "a", { ok: false, why: "no" }), line("json", "a")],
    ]) {
      const { results, problems } = judge(text([...whole.slice(1), ...twice]), { cases });
      expect(results).toEqual([{ protocol: "grpc", passed: 3, total: 4 }]);
      expect(problems).toEqual(["reported twice: grpc, from json, a", "grpc, from json, a: no"]);
    }
  });

  it.each([
    ["not a JSON object", "PASS a"],
    ["unknown protocol", JSON.stringify(null)],
    ["unknown protocol", JSON.stringify(line("json", "a", { protocol: "soap" }))],
    ["form is neither json nor binary", JSON.stringify(line("text", "a"))],
    ["unknown case", JSON.stringify(line("json", "c"))],
    ["ok must be true, or false with a why", JSON.stringify(line("json", "a", { ok: "true" }))],
    ["ok must be true, or false with a why", JSON.stringify(line("json", "a", { ok: false }))],
  ])("judge rejects a line: %s (%s)", (problem, wrong) => {
    expect(judge(`${text(whole)}${wrong}\n`, { cases }).problems).toEqual([`${problem}: ${wrong}`]);
  });
});
