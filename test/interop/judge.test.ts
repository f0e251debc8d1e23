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

describe("the judge of programs", () => {
  it("passes a program that reports every case in both forms", () => {
    expect(judge(text(whole), { cases })).toEqual({
      results: [{ protocol: "grpc", passed: 4, total: 4 }],
      faults: [],
    });
  });

  it("counts each protocol for itself", () => {
    const web = whole.map((each): Line => ({ ...each, protocol: "connect json" }));
    const broken = web.with(0, { ...web[0], ok: false, why: "expected code OK, got INTERNAL" });
    expect(judge(text([...broken, ...whole]), { cases })).toEqual({
      results: [
        { protocol: "grpc", passed: 4, total: 4 },
        { protocol: "connect json", passed: 3, total: 4 },
      ],
      faults: ["connect json, from json, a: expected code OK, got INTERNAL"],
    });
  });

  it.each([0, 1, 2, 3])("finds that report %i is missing", (index) => {
    const { results, faults } = judge(text(whole.toSpliced(index, 1)), { cases });
    expect(results).toEqual([{ protocol: "grpc", passed: 3, total: 4 }]);
    expect(faults).toEqual([`not reported: grpc, from ${whole[index]?.form}, ${whole[index]?.case}`]);
  });

  it("fails a program that prints nothing", () => {
    expect(judge("\n", { cases })).toEqual({ results: [], faults: ["no case was reported at all"] });
  });

  it("fails a program that leaves out a protocol it must speak", () => {
    const { results, faults } = judge(text(whole), { cases, protocols: ["grpc", "grpc-web"] });
    expect(results).toContainEqual({ protocol: "grpc-web", passed: 0, total: 4 });
    expect(faults).toHaveLength(4);
  });

  it("fails a case that is reported twice, and counts the worse report", () => {
    for (const twice of [
      [line("json", "a"), line("json", "a", { ok: false, why: "no" })],
      [line("json", "a", { ok: false, why: "no" }), line("json", "a")],
    ]) {
      const { results, faults } = judge(text([...whole.slice(1), ...twice]), { cases });
      expect(results).toEqual([{ protocol: "grpc", passed: 3, total: 4 }]);
      expect(faults).toEqual(["reported twice: grpc, from json, a", "grpc, from json, a: no"]);
    }
  });

  it.each([
    ["not a JSON object", "PASS a"],
    ["protocol is not one of the suite", JSON.stringify(null)],
    ["protocol is not one of the suite", JSON.stringify(line("json", "a", { protocol: "soap" }))],
    ["form is neither json nor binary", JSON.stringify(line("text", "a"))],
    ["case is not one of the vectors", JSON.stringify(line("json", "c"))],
    ["neither ok, nor not ok with a why", JSON.stringify(line("json", "a", { ok: "true" }))],
    ["neither ok, nor not ok with a why", JSON.stringify(line("json", "a", { ok: false }))],
  ])("says of a line: %s", (fault, wrong) => {
    expect(judge(`${text(whole)}${wrong}\n`, { cases }).faults).toEqual([`${fault}: ${wrong}`]);
  });
});
