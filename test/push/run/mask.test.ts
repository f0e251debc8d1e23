import { describe, expect, it } from "vitest";
import { keyDisplay, maskIn, maskKey } from "../../../src/push/run/mask.ts";

describe("a user key", () => {
  it("is masked except for its end, or completely if it is short", () => {
    expect(["491701234567", "abcdef", "abc", ""].map(maskKey)).toEqual(["***567", "***f", "***", "***"]);
    expect(keyDisplay(true)("491701234567")).toBe("491701234567");
  });

  it("is masked within a message, also if it is percent-encoded", () => {
    expect(maskIn("users/a%2Fb%2Bcdefg/x a/b+cdefg", "a/b+cdefg")).toBe("users/***efg/x ***efg");
  });
});
