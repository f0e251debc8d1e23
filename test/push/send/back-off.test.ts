import { describe, expect, it } from "vitest";
import { createBackOff } from "../../../src/push/send/back-off.ts";

describe("createBackOff", () => {
  it("doubles the maximum delay up to mostMs, with full jitter", () => {
    const highest = createBackOff({ firstMs: 100, mostMs: 1_000, random: () => 1 });
    expect([1, 2, 3, 4, 5, 99].map((attempt) => highest(attempt, undefined))).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ]);
    expect(createBackOff({ random: () => 0 })(5, undefined)).toBe(0);
  });

  it("waits as long as the server asks, up to mostMs", () => {
    const backOff = createBackOff({ mostMs: 30_000, random: () => 0 });
    expect(backOff(1, 7_000)).toBe(7_000);
    expect(backOff(1, 86_400_000)).toBe(30_000);
  });
});
