import { describe, expect, it } from "vitest";
import { parseDuration } from "../../src/codec/duration.ts";

describe("parseDuration", () => {
  it.each([
    ["0s", 0n, 0],
    ["1s", 1n, 0],
    ["-1s", -1n, 0],
    ["1.5s", 1n, 500_000_000],
    ["-0.5s", 0n, -500_000_000],
    ["-1.000000001s", -1n, -1],
    ["0.000000001s", 0n, 1],
    ["-0s", 0n, 0],
    ["315576000000s", 315_576_000_000n, 0],
    ["-315576000000.000s", -315_576_000_000n, 0],
    ["315576000000.999999999s", 315_576_000_000n, 999_999_999],
    ["-315576000000.999999999s", -315_576_000_000n, -999_999_999],
    ["315576000000.000000001s", 315_576_000_000n, 1],
    ["-0.000000001s", 0n, -1],
  ])("parseDuration parses %s", (text, seconds, nanos) => {
    const duration = parseDuration(text);
    expect([duration?.seconds, duration?.nanos]).toEqual([seconds, nanos]);
  });

  it.each([
    ["no unit", "1"],
    ["another unit", "1m"],
    ["text behind the unit", "1s2"],
    ["a word as the unit", "1seconds"],
    ["no number", "s"],
    ["no whole part", ".5s"],
    ["no fraction after the point", "1.s"],
    ["ten digits of fraction", "1.0000000000s"],
    ["a plus", "+1s"],
    ["two signs", "--1s"],
    ["an exponent", "1e3s"],
    ["a blank", "1 s"],
    ["a trailing line break", "1s\n"],
    ["hexadecimal digits", "0x1s"],
    ["too long", "315576000001s"],
    ["too long by a second", "315576000001.000000000s"],
    ["too long and negative", "-315576000001s"],
    ["a sign in the fraction", "1.-5s"],
    ["an upper-case unit", "1S"],
    ["a comma before the fraction", "1,5s"],
    ["two units", "1ss"],
    ["thirteen digits", "0315576000000s"],
    ["an empty text", ""],
  ])("parseDuration rejects %s: %j", (_, text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});
