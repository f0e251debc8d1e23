import { describe, expect, it } from "vitest";
import { differenceOf, readOutput, startedTooSlowly, withRepeated } from "./read-output.ts";

const output = `FAILED: Sizes/one:
\tconnect error JSON: details[0]: could not check
\t
\t; actual error contain 1 details; expecting 0
FAILED: Sizes/two:
\tactual error has code 3
\tactual error contain 1 details; expecting 0

Total cases: 5
3 passed, 2 failed
`;
const known = [{ cases: /^Sizes\//, remarks: /could not check|expecting 0$/, reason: "details" }];

describe("the output of connectconformance", () => {
  it("readOutput returns the totals and every failed case with its remarks", () => {
    expect(readOutput(output)).toEqual({
      total: 5,
      passed: 3,
      failed: [
        {
          name: "Sizes/one",
          remarks: [
            "connect error JSON: details[0]: could not check",
            "actual error contain 1 details; expecting 0",
          ],
        },
        {
          name: "Sizes/two",
          remarks: ["actual error has code 3", "actual error contain 1 details; expecting 0"],
        },
      ],
    });
  });

  it("readOutput throws if cases are missing from the totals", () => {
    expect(() => readOutput(output.replace("Total cases: 5", "Total cases: 6"))).toThrow("every case");
    expect(() => readOutput("panic: no totals")).toThrow("every case");
  });

  it("differenceOf explains a case only if it explains each of its remarks", () => {
    const [one, two] = readOutput(output).failed;
    expect(one && differenceOf(one, known)).toBe(known[0]);
    expect(two && differenceOf(two, known)).toBeUndefined();
    expect(differenceOf({ name: "Sizes/three", remarks: [] }, known)).toBeUndefined();
  });

  it("withRepeated judges only cases whose server started too slowly by the second run", () => {
    const late = "timed out waiting for result from server";
    const first = readOutput(output.replace("actual error has code 3", late));
    expect(first.failed.map(startedTooSlowly)).toEqual([false, true]);
    expect(withRepeated(first, { total: 1, passed: 1, failed: [] })).toEqual({
      total: 5,
      passed: 4,
      failed: [first.failed[0]],
    });
    const still = { name: "Sizes/two", remarks: [late] };
    expect(withRepeated(first, { total: 1, passed: 0, failed: [still] }).failed).toContain(still);
  });
});
