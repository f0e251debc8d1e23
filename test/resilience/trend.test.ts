import { describe, expect, it } from "vitest";
import { boundOf, quantile } from "./clients/pace.ts";
import { growthOf, type Sample, slopeOf } from "./trend.ts";

const samples = (count: number, value: (at: number) => number): Sample[] =>
  Array.from({ length: count }, (_, at) => ({ at, value: value(at) }));

describe("slopeOf and growthOf", () => {
  it("slopeOf returns the slope of the line through the samples, despite noise", () => {
    expect(slopeOf(samples(10, (at) => 7 + 3 * at))).toBeCloseTo(3);
    expect(slopeOf(samples(100, (at) => 7 + 3 * at + (at % 2 === 0 ? 5 : -5)))).toBeCloseTo(3, 1);
    expect(slopeOf(samples(10, () => 7))).toBe(0);
    expect(slopeOf(samples(1, () => 7))).toBe(0);
  });

  it("growthOf ignores the first half, so that a warm-up does not count as growth", () => {
    expect(growthOf(samples(60, (at) => Math.min(at, 30) * 100))).toBeCloseTo(0);
  });

  it("growthOf detects a leak, with and without a sawtooth pattern", () => {
    expect(growthOf(samples(60, (at) => 1_000 + 10 * at))).toBeCloseTo(290);
    expect(growthOf(samples(60, (at) => 1_000 + 10 * at + 40 * (at % 5)))).toBeGreaterThan(200);
  });
});

describe("quantile and boundOf", () => {
  it("quantile returns the value that a share of the values does not exceed", () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([quantile(values, 0.5), quantile(values, 0.99), quantile([5], 0.99)]).toEqual([50, 99, 5]);
    expect(quantile([], 0.5)).toBeNaN();
  });

  it("boundOf allows ten times the p99 before, and at least 500 ms", () => {
    const before = { calls: 100, failures: 0, p50: 3, p99: 80 };
    expect(boundOf(before)).toBe(800);
    expect(boundOf({ ...before, p99: 5 })).toBe(500);
  });
});
