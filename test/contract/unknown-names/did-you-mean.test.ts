import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { closestMatch, createSuggestion } from "../../../src/contract/unknown-names/did-you-mean.ts";

/** The distance by its definition: the fewest edits, found by trying all. */
function distanceOf(one: string, other: string): number {
  if (one === "" || other === "") {
    return one.length + other.length;
  }
  const swapped = one.length > 1 && one[0] === other[1] && one[1] === other[0];
  return Math.min(
    distanceOf(one.slice(1), other) + 1,
    distanceOf(one, other.slice(1)) + 1,
    distanceOf(one.slice(1), other.slice(1)) + (one[0] === other[0] ? 0 : 1),
    ...(swapped ? [distanceOf(one.slice(2), other.slice(2)) + 1] : []),
  );
}

describe("closestMatch", () => {
  it.each([
    ["planID", "planId"],
    ["plan_id", "planId"],
    ["PLAN-ID", "planId"],
    ["pland", "planId"],
    ["palnId", "planId"],
    ["planIdd", "planId"],
    ["planModule", "planModules"],
    ["updatetime", "updateTime"],
    ["ab", "AB"],
  ])("closestMatch finds the candidate that %s is meant to be", (name, candidate) => {
    expect(closestMatch(name, ["planId", "planModules", "updateTime", "AB"])).toBe(candidate);
  });

  it.each(["", "xy", "quota", "p".repeat(65), "planId".padEnd(65, "_")])(
    "closestMatch finds no candidate for %s",
    (name) => {
      expect(closestMatch(name, ["planId", "planModules", "ab"])).toBeUndefined();
    },
  );

  it("closestMatch prefers the candidate with the fewest edits, and among those the first", () => {
    expect(closestMatch("abcdefghi", ["abcdefgxy", "abcdefghx", "abcdefghy"])).toBe("abcdefghx");
  });

  it("closestMatch finds a candidate exactly if its distance is within the limit", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 8 });
    fc.assert(
      fc.property(word, word, fc.integer({ min: 0, max: 4 }), (name, candidate, mostEdits) => {
        const isNear = distanceOf(name, candidate) <= Math.min(mostEdits, Math.floor(name.length / 3));
        expect(closestMatch(name, [candidate], mostEdits)).toBe(isNear ? candidate : undefined);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("createSuggestion", () => {
  it("createSuggestion ends a message with a question, or with nothing if no name is near", () => {
    const suggest = createSuggestion(["moduleName", "description"]);
    expect(suggest("modulename")).toBe("; did you mean moduleName?");
    expect(suggest("decsriptoin")).toBe("; did you mean description?");
    expect(suggest("decsirptoni")).toBe("");
    expect(suggest("title")).toBe("");
  });
});
