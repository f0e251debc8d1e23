import { describe, expect, it } from "vitest";
import {
  firstViolations,
  limitViolations,
  maxViolations,
  moreViolations,
  shortenText,
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

describe("shortenText", () => {
  it.each([
    ["short", 5, "short"],
    ["longer", 5, "long…"],
    ["ab😀cd", 4, "ab…"],
    ["ab😀cd", 5, "ab😀…"],
    ["\ud83dabc", 3, "\ufffda…"],
  ])("shortens %j to at most %i units without cutting a character: %j", (text, most, expected) => {
    expect(shortenText(text, most)).toBe(expected);
  });

  it("shortens to bytes if it is given their size", () => {
    expect(shortenText("計画😀", 10, Buffer.byteLength)).toBe("計画😀");
    expect(shortenText("計画😀", 9, Buffer.byteLength)).toBe("計画…");
    expect(shortenText("計画😀", 8, Buffer.byteLength)).toBe("計…");
  });
});

describe("the violations of long names", () => {
  it.each(["a", "é", "計", "😀"])(
    "have at most 5,000 bytes, of valid Unicode, for paths of %s",
    (character) => {
      const long = violations(50).map(({ field }) => ({
        field: character.repeat(3_000) + field,
        description: `x${character.repeat(3_000)}`,
      }));
      const listed = limitViolations(long);
      const text = listed.map(({ field, description }) => field + description).join("");
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(5_000 + 60);
      expect(text.isWellFormed()).toBe(true);
      expect(summarizeViolations(long, ": ").isWellFormed()).toBe(true);
      expect(listed[0]?.field.length).toBeGreaterThan(250);
    },
  );
});

describe("firstViolations", () => {
  it("adds a violation that says how many more there are", () => {
    expect(firstViolations(violations(3), 3)).toEqual(violations(3));
    expect(firstViolations(violations(3), 2)).toEqual([
      ...violations(2),
      { field: "request", description: "has 1 more violation, which is not listed" },
    ]);
  });

  it("adds those that the list itself does not show", () => {
    const limited = limitViolations(violations(250));
    expect(firstViolations(limited, 10)).toEqual([
      ...violations(10),
      { field: "request", description: "has 240 more violations, which are not listed" },
    ]);
    expect(firstViolations([...violations(3), moreViolations], 1)).toEqual([
      ...violations(1),
      moreViolations,
    ]);
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
