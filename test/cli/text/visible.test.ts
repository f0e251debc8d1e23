import { describe, expect, it } from "vitest";
import { visible, visibleJson, visibleLines } from "../../../src/cli/text/visible.ts";

/** Characters that terminals obey or do not show, by what they are. */
const hidden: readonly (readonly [name: string, character: string, escaped: string])[] = [
  ["an escape", "\u001b", "\\u{1b}"],
  ["a line feed", "\n", "\\u{a}"],
  ["a delete", "\u007f", "\\u{7f}"],
  ["a C1 control", "\u009b", "\\u{9b}"],
  ["an override of the direction", "\u202e", "\\u{202e}"],
  ["an isolate of the direction", "\u2066", "\\u{2066}"],
  ["a blank without a width", "\u200b", "\\u{200b}"],
  ["a byte order mark", "\ufeff", "\\u{feff}"],
  ["a soft hyphen", "\u00ad", "\\u{ad}"],
  ["a separator of lines", "\u2028", "\\u{2028}"],
  ["a blank that does not break", "\u00a0", "\\u{a0}"],
  ["a filler", "\u3164", "\\u{3164}"],
  ["a selector of variants", "\ufe0f", "\\u{fe0f}"],
  ["a tag beyond the first 65,536 characters", "\u{e0041}", "\\u{e0041}"],
];

describe("visible", () => {
  it.each(hidden)("visible escapes %s", (_, character, escaped) => {
    expect(visible(`a${character}b`)).toBe(`a${escaped}b`);
  });

  it("visible keeps letters of all scripts, blanks and emoji", () => {
    const text = "ไทย العربية 中文 é 5 GB 📶";
    expect(visible(text)).toBe(text);
  });

  it("visibleLines keeps the lines of a message", () => {
    expect(visibleLines("a\n\u001b[2J\nb")).toBe("a\n\\u{1b}[2J\nb");
  });

  it.each(hidden)("visibleJson escapes %s, and JSON.parse reads the same value", (_, character) => {
    const value = { [`a${character}`]: [character] };
    const json = visibleJson(JSON.stringify(value, null, 2));
    expect(JSON.parse(json)).toEqual(value);
    expect(json.replaceAll("\n", "")).toMatch(/^[ -~]*$/);
  });
});
