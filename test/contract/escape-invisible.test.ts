import { describe, expect, it } from "vitest";
import { escapeInvisible } from "../../src/contract/field-violation.ts";

describe("escapeInvisible", () => {
  it.each([
    ["an escape", "\u001b", "\\u001b"],
    ["a line feed", "\n", "\\u000a"],
    ["a C1 control", "\u009b", "\\u009b"],
    ["an override of the direction", "\u202e", "\\u202e"],
    ["a blank without a width", "\u200b", "\\u200b"],
    ["a separator of lines", "\u2028", "\\u2028"],
    ["a blank that does not break", "\u00a0", "\\u00a0"],
    ["a filler", "\u3164", "\\u3164"],
    ["a selector of variants", "\ufe0f", "\\ufe0f"],
    ["a tag beyond the first 65,536 characters", "\u{e0041}", "\\udb40\\udc41"],
  ])("escapeInvisible escapes %s as in JSON", (_, character, escaped) => {
    expect(escapeInvisible(`a${character}b`)).toBe(`a${escaped}b`);
    expect(JSON.parse(`"${escapeInvisible(character)}"`)).toBe(character);
  });

  it("escapeInvisible keeps letters of all scripts, spaces and emoji", () => {
    const text = "ไทย العربية 中文 é 5 GB 📶";
    expect(escapeInvisible(text)).toBe(text);
  });
});
