import type { Clock } from "../../src/contract/clock.ts";

/** Where the test clock begins unless said otherwise: 2026-03-01T12:00:00Z. */
export const testTime = Date.UTC(2026, 2, 1, 12);

/** A clock that goes only when a test says so. Times are milliseconds since the epoch. */
export type TestClock = Clock & {
  set(ms: number): void;
};

/** Creates a clock that stands still at `testTime`. */
export function createTestClock(): TestClock {
  let now = testTime;
  return {
    now: () => now,
    set(ms) {
      now = ms;
    },
  };
}
