import { describe, expect, it } from "vitest";
import { createPacer } from "../../../src/push/send/pacer.ts";

describe("createPacer", () => {
  it("allows as many starts per second as its rate, after a small burst", () => {
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

  it("allows no more than a burst of 100 ms after a pause", () => {
    const pacer = createPacer(10);
    pacer.take(0);
    const waits = Array.from({ length: 5 }, () => pacer.take(60_000));
    expect(waits).toEqual([0, 100, 200, 300, 400]);
  });
});
