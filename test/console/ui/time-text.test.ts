import { describe, expect, it } from "vitest";
import { absoluteText, relativeText } from "../../../src/console/ui/time-text.ts";

const at = (seconds: number, nanos = 0) => ({ seconds: BigInt(seconds), nanos });

describe("absoluteText", () => {
  it("has every digit of the fraction that is not zero", () => {
    expect(absoluteText(at(0))).toBe("1970-01-01 00:00:00 UTC");
    expect(absoluteText(at(1_796_040_000, 250_000_000))).toBe("2026-11-30 12:00:00.25 UTC");
    expect(absoluteText(at(-1, 1))).toBe("1969-12-31 23:59:59.000000001 UTC");
  });

  it("reads times that no Date has as out of range", () => {
    expect(absoluteText({ seconds: 1n << 62n, nanos: 0 })).toBe("a time out of range");
  });
});

describe("relativeText", () => {
  it("has the largest whole unit, in both directions", () => {
    const texts = [0, 0.5, 1, 59, 60, 3_599, 3_600, 86_399, 86_400, 400 * 86_400].map((seconds) =>
      relativeText(at(1_000_000 + Math.floor(seconds), (seconds % 1) * 1e9), 1_000_000_000),
    );
    expect(texts).toEqual([
      "now",
      "now",
      "in 1 s",
      "in 59 s",
      "in 1 min",
      "in 59 min",
      "in 1 h",
      "in 23 h",
      "in 1 d",
      "in 400 d",
    ]);
    expect(relativeText(at(0), 7_200_000)).toBe("2 h ago");
  });
});
