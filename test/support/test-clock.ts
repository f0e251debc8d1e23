import type { Clock } from "../../src/contract/clock.ts";

/** The initial time of the test clock: 2026-03-01T12:00:00Z. */
export const testTime = Date.UTC(2026, 2, 1, 12);

/** A clock that only a test moves. Times are in milliseconds since the epoch. */
export type TestClock = Clock & {
  set(ms: number): void;
};

/** Creates a clock that is stopped at `testTime`. */
export function createTestClock(): TestClock {
  let now = testTime;
  return {
    now: () => now,
    set(ms) {
      now = ms;
    },
  };
}
