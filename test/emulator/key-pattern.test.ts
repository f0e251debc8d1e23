import { describe, expect, it } from "vitest";
import { parseKeyPattern } from "../../src/emulator/key-pattern.ts";

const matches = (pattern: string, key: string) => parseKeyPattern(pattern).matches(key);

/** The definition of a pattern, as a regular expression that backtracks. */
function reference(pattern: string): RegExp {
  const source = pattern.replaceAll(/\\[*\\]|./gs, (token) =>
    token === "*" ? "[^]*" : (token.at(-1) as string).replace(/[\\^$.*+?()[\]{}|/-]/, "\\$&"),
  );
  return new RegExp(pattern === "" ? "" : `^${source}$`, "u");
}

describe("a pattern of keys", () => {
  it.each([
    ["", "", true],
    ["", "+1415", true],
    ["+1415", "+1415", true],
    ["+1415", "+14155", false],
    ["+1415", "1+1415", false],
    ["+1415*", "+1415", true],
    ["+1415*", "+14155550100", true],
    ["+1415*", "+1414155", false],
    ["*0100", "+14155550100", true],
    ["*0100", "+141555501001", false],
    ["*555*", "+14155550100", true],
    ["*5*5*5*5*", "+14155550100", true],
    ["*5*5*5*5*5*", "+14155550100", false],
    ["*", "", true],
    ["**", "any", true],
    ["a*a", "a", false],
    ["ab*ba", "aba", false],
    ["ab*ba", "abba", true],
    ["*aab*", "aaab", true],
    ["*abab*c", "ababac", true],
    ["a*bc*c", "abc", false],
    ["\\*", "*", true],
    ["\\*", "x", false],
    ["a\\**", "a*b", true],
    ["a\\**", "ab", false],
    ["\\\\*", "\\x", true],
    ["\\\\*", "x", false],
    ["\\x", "\\x", true],
    ["x\\", "x\\", true],
    ["a.c", "abc", false],
    ["[ab]?", "a", false],
    ["A*", "abc", false],
    ["*\n*", "a\nb", true],
    ["😀*", "😀b", true],
  ])("%j matches %j: %j", (pattern, key, expected) => {
    expect(matches(pattern, key)).toBe(expected);
    expect(reference(pattern).test(key)).toBe(expected);
  });

  it("matches as its definition says, for every short pattern and key of two characters", () => {
    const texts = (alphabet: string, length: number): string[] =>
      length === 0
        ? [""]
        : ["", ...texts(alphabet, length - 1).flatMap((text) => [...alphabet].map((each) => each + text))];
    const keys = texts("ab", 6);
    for (const pattern of new Set(texts("ab*", 5))) {
      const { matches: match, minLength } = parseKeyPattern(pattern);
      const expected = reference(pattern);
      const wrong = keys.filter((key) => match(key) !== expected.test(key));
      expect({ pattern, wrong }).toEqual({ pattern, wrong: [] });
      expect(keys.filter((key) => match(key) && key.length < minLength)).toEqual([]);
    }
  });

  it("takes time in proportion to its length and that of the key", () => {
    const key = "a".repeat(400_000);
    const pattern = parseKeyPattern(`*${"a".repeat(100_000)}b*${"a*".repeat(1_000)}c`);
    const hard = parseKeyPattern(`*${"a".repeat(100_000)}b*`);
    // Quadratic time would be 40,000,000,000 steps: the test would not end.
    expect(pattern.matches(key)).toBe(false);
    expect(hard.matches(key)).toBe(false);
    expect(hard.matches(`${key}b`)).toBe(true);
  });
});
