import { describe, expect, it } from "vitest";
import { moreViolations } from "../../../src/contract/field-violation.ts";
import { keyDisplay, listedViolations, maskIn, maskKey } from "../../../src/push/run/mask.ts";

describe("a user key", () => {
  it("is masked except for its end, or completely if it is short", () => {
    expect(["491701234567", "abcdef", "abc", ""].map(maskKey)).toEqual(["***567", "***f", "***", "***"]);
    expect(keyDisplay(true)("491701234567")).toBe("491701234567");
  });

  it("is masked within a message, also if it is percent-encoded", () => {
    expect(maskIn("users/a%2Fb%2Bcdefg/x a/b+cdefg", "a/b+cdefg")).toBe("users/***efg/x ***efg");
  });

  it("is masked within a violation that is cut within the key", () => {
    const key = "491701234567";
    const violation = { field: "x".repeat(250) + key, description: "y".repeat(1_020) + key };
    const listed = listedViolations([violation, moreViolations], (text) => maskIn(text, key));
    expect(JSON.stringify(listed)).not.toContain("4917");
    expect(listed.map(({ field }) => field)).toEqual([`${"x".repeat(250)}***567`, "record"]);
  });
});
