import { describe, expect, it } from "vitest";
import { durationInput, durationText, parseDuration } from "../../../src/console/emulator/durations.ts";

describe("a typed duration", () => {
  it.each([
    ["36h", 129_600_000],
    ["1d12h", 129_600_000],
    [" 1 d 12 h ", 129_600_000],
    ["1.5 Hours", 5_400_000],
    ["0.25s", 250],
    ["90 min", 5_400_000],
    ["2 weeks", 1_209_600_000],
    ["250ms", 250],
    ["0s", 0],
  ])("%j is %i ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(["", "36", "h", "-1h", "1h-", "1 fortnight", "1.h", "1e3s", "1h,30m", `${"9".repeat(13)}s`])(
    "%j is none",
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  it("is read in time that grows with its length only", () => {
    expect(parseDuration(`${"1s ".repeat(20_000)}!`)).toBeUndefined();
  });
});

describe("the text of a duration", () => {
  it.each([
    [0, "0 ms"],
    [250, "250 ms"],
    [1_500, "1.5 s"],
    [30_000, "30 s"],
    [90_000, "1 min 30 s"],
    [3_600_000, "1 h"],
    [129_600_000, "1 d 12 h"],
    [-129_661_000, "1 d 12 h"],
    [86_400_000 + 60_000, "1 d"],
  ])("of %i ms is %j", (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });

  it("can be typed back exactly", () => {
    for (const ms of [0, 1, 1_500, 60_000, 93_784_005, 86_400_000 * 366]) {
      expect(parseDuration(durationInput(ms))).toBe(ms);
    }
    expect(durationInput(129_600_000)).toBe("1d12h");
  });
});
