import { describe, expect, it } from "vitest";
import {
  limitViolations,
  maxViolations,
  moreViolations,
  summarizeViolations,
} from "../../src/contract/field-violation.ts";

const violations = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ field: `f${index}`, description: "is wrong" }));

describe("limitViolations", () => {
  it("lists as many violations as an error can have without a word about more", () => {
    expect(limitViolations([])).toEqual([]);
    expect(limitViolations(violations(maxViolations))).toEqual(violations(maxViolations));
  });

  it("says how many more violations there are, in place of the last one", () => {
    const listed = limitViolations(violations(maxViolations + 1));
    expect(listed).toHaveLength(maxViolations);
    expect(listed.slice(0, -1)).toEqual(violations(maxViolations - 1));
    expect(listed.at(-1)).toEqual({
      field: "request",
      description: "has 2 more violations, which are not listed",
    });
  });

  it("says that there are more violations if the search for them was ended, wherever the list says so", () => {
    const [first, ...rest] = violations(3);
    expect(limitViolations([first as never, moreViolations, ...rest])).toEqual([
      ...violations(3),
      moreViolations,
    ]);
  });

  it("lists violations up to 5,000 bytes of UTF-8", () => {
    const long = violations(30).map(({ field }) => ({ field, description: "é".repeat(500) }));
    const listed = limitViolations(long);
    expect(listed).toHaveLength(5);
    expect(listed.at(-1)?.description).toBe("has 26 more violations, which are not listed");
  });

  it("shows at most 256 characters of a path", () => {
    const [shown] = limitViolations([{ field: "a".repeat(10_000), description: "is wrong" }]);
    expect(shown?.field).toBe(`${"a".repeat(255)}…`);
  });
});

describe("summarizeViolations", () => {
  it("names the first violation and the number of the others", () => {
    expect(summarizeViolations([], ": ")).toBe("the request is invalid");
    expect(summarizeViolations(violations(1), " ")).toBe("f0 is wrong");
    expect(summarizeViolations(violations(3), ": ")).toBe("f0: is wrong (and 2 more)");
  });

  it("says that there are more than the others if the search for violations was ended", () => {
    expect(summarizeViolations([...violations(3), moreViolations], ": ")).toBe(
      "f0: is wrong (and more than 2 more)",
    );
  });

  it("shows at most 256 characters of a path", () => {
    const long = { field: "a".repeat(10_000), description: "is wrong" };
    expect(summarizeViolations([long], " ")).toHaveLength(256 + " is wrong".length);
  });
});
