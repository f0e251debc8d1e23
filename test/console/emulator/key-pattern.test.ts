import { describe, expect, it } from "vitest";
import { exactPattern, searchPattern } from "../../../src/console/emulator/key-pattern.ts";
import { parseKeyPattern } from "../../../src/emulator/key-pattern.ts";

const longest = "k".repeat(4096);

describe("exactPattern", () => {
  it.each(["+14155550100", "a*b", "a\\b", "\\*", "a/b+c==", "%2F", "🙂", longest])(
    "matches only the key %s",
    (key) => {
      const { matches } = parseKeyPattern(exactPattern(key));
      expect(matches(key)).toBe(true);
      expect(
        ["", `${key}1`, `1${key}`, key.replaceAll("*", "x")].filter(
          (other) => other !== key && matches(other),
        ),
      ).toEqual([]);
    },
  );

  it.each(["*".repeat(4096), `a${"\\".repeat(4095)}`])(
    "is short enough for the emulator if %s is escaped",
    (key) => {
      const pattern = exactPattern(key);
      expect(pattern.length).toBeLessThanOrEqual(4096);
      expect(parseKeyPattern(pattern).matches(key)).toBe(true);
    },
  );
});

describe("searchPattern", () => {
  it("finds a text in any part of a key, and takes a text with a star as a pattern", () => {
    expect(["", "415", "+1415*", "a\\*b"].map(searchPattern)).toEqual(["", "*415*", "+1415*", "a\\*b"]);
  });

  it("stays short enough for the emulator", () => {
    expect(searchPattern(longest)).toBe(longest);
    expect(searchPattern("k".repeat(4095))).toBe("k".repeat(4095));
    expect(searchPattern("k".repeat(4094))).toHaveLength(4096);
  });
});
