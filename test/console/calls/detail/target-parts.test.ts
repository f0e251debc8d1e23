import { describe, expect, it } from "vitest";
import { targetParts } from "../../../../src/console/calls/detail/target-parts.ts";

const wrongIn = (target: string, ...wrong: string[]) =>
  targetParts(target, wrong)
    .filter(({ isWrong }) => isWrong)
    .map(({ text }) => text);

describe("targetParts", () => {
  it("has the whole target", () => {
    const target = "/v1/operators/65001/planStatuses?userKey=a%2Fb&x=//?y";
    const parts = targetParts(target, []);
    expect(parts.map(({ text }) => text).join("")).toBe(target);
  });

  it("finds the variables of paths by their fields", () => {
    const target = "/v1/operators/0/clients/wrong/users/a%2Fb/planStatus";
    expect(wrongIn(target, "parent")).toEqual(["/0"]);
    expect(wrongIn(target, "clientId")).toEqual(["/wrong"]);
    expect(wrongIn(target, "userKey", "languageCode")).toEqual(["/a%2Fb"]);
  });

  it("finds parameters of the query by their names, each time they are there", () => {
    expect(wrongIn("/v1/operators/1/planStatuses?colour=red&userKey=+&colour=blue", "colour")).toEqual([
      "?colour=red",
      "&colour=blue",
    ]);
  });

  it.each(["constructor", "__proto__", "toString"])("takes a user key that is %s for a text", (userKey) => {
    expect(wrongIn(`/v1/operators/1/clients/c/users/${userKey}/planStatus`, "userKey")).toEqual([
      `/${userKey}`,
    ]);
  });

  it("finds nothing for a parameter that is missing", () => {
    expect(wrongIn("/v1/operators/1/planStatuses", "userKey")).toEqual([]);
  });
});
