import { describe, expect, it } from "vitest";
import { createConcurrency } from "../../../src/push/send/concurrency.ts";

describe("createConcurrency", () => {
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

  it("raises the limit up to the cap while answers are fast", () => {
    const control = createConcurrency({ cap: 40 });
    expect(control.limit()).toBe(8);
    settle(control, 0, 100);
    expect(control.limit()).toBe(40);
  });

  it("halves the limit once per overload, then raises it by one per round of answers", () => {
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

  it("lowers the limit when latency rises, but not below 8", () => {
    const control = createConcurrency({ cap: 64 });
    settle(control, 0, 100);
    settle(control, 1_000, 50, 500);
    expect(control.limit()).toBeLessThan(64);
    settle(control, 2_000, 5_000, 500);
    expect(control.limit()).toBeGreaterThanOrEqual(8);
  });

  it("does not raise the limit while fewer requests are in flight", () => {
    const control = createConcurrency({ cap: 64 });
    for (let index = 0; index < 100; index++) {
      control.answered(5, 2, index);
    }
    expect(control.limit()).toBe(8);
  });
});
