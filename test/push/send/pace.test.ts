import { describe, expect, it } from "vitest";
import { createBackOff } from "../../../src/push/send/back-off.ts";
import { createConcurrency } from "../../../src/push/send/concurrency.ts";
import { createPacer } from "../../../src/push/send/pacer.ts";

describe("the token pacer", () => {
  it("gives as many starts as the rate in the long run, and few at once", () => {
    const pacer = createPacer(50);
    let now = 1_000;
    const waits = Array.from({ length: 200 }, () => {
      const wait = pacer.take(now);
      now += wait;
      return wait;
    });
    expect(waits.filter((wait) => wait === 0).length).toBeLessThanOrEqual(5);
    expect(now - 1_000).toBeCloseTo((200 - 5) * 20, -2);
  });

  it("does not save up what was not used", () => {
    const pacer = createPacer(10);
    pacer.take(0);
    const waits = Array.from({ length: 5 }, () => pacer.take(60_000));
    expect(waits).toEqual([0, 100, 200, 300, 400]);
  });
});

describe("the back-off", () => {
  it("doubles, with full jitter, up to a bound", () => {
    const highest = createBackOff({ firstMs: 100, mostMs: 1_000, random: () => 1 });
    expect([1, 2, 3, 4, 5, 99].map((attempt) => highest(attempt, undefined))).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ]);
    expect(createBackOff({ random: () => 0 })(5, undefined)).toBe(0);
  });

  it("waits for what the server asks, but not for ever", () => {
    const backOff = createBackOff({ mostMs: 30_000, random: () => 0 });
    expect(backOff(1, 7_000)).toBe(7_000);
    expect(backOff(1, 86_400_000)).toBe(30_000);
  });
});

describe("the concurrency", () => {
  const settle = (
    control: ReturnType<typeof createConcurrency>,
    from: number,
    count: number,
    latencyMs = 5,
  ) => {
    for (let index = 0; index < count; index++) {
      control.answered(latencyMs, control.limit(), from + index);
    }
  };

  it("grows while all is well, up to the cap", () => {
    const control = createConcurrency({ cap: 40 });
    expect(control.limit()).toBe(8);
    settle(control, 0, 100);
    expect(control.limit()).toBe(40);
  });

  it("is halved by a refusal, once for all requests that were under way, and then grows by one a round", () => {
    const control = createConcurrency({ cap: 64 });
    settle(control, 0, 100);
    for (let index = 0; index < 64; index++) {
      control.overloaded(1_000);
    }
    expect(control.limit()).toBe(32);
    settle(control, 1_001, 33);
    expect(control.limit()).toBe(33);
    for (let turn = 1; turn <= 10; turn++) {
      control.overloaded(2_000 + turn * 1_000);
    }
    expect(control.limit()).toBe(1);
  });

  it("shrinks when answers take longer and longer, but not for that alone to nothing", () => {
    const control = createConcurrency({ cap: 64 });
    settle(control, 0, 100);
    settle(control, 1_000, 50, 500);
    expect(control.limit()).toBeLessThan(64);
    settle(control, 2_000, 5_000, 500);
    expect(control.limit()).toBeGreaterThanOrEqual(8);
  });

  it("does not grow where nothing presses against it", () => {
    const control = createConcurrency({ cap: 64 });
    for (let index = 0; index < 100; index++) {
      control.answered(5, 2, index);
    }
    expect(control.limit()).toBe(8);
  });
});
