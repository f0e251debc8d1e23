/** Spaces out requests so that at most a given number of them start per second. */
export type Pacer = {
  /** Reserves the next start. Returns the milliseconds to wait until then; 0 if it may start now. */
  take(nowMs: number): number;
};

/**
 * Creates a pacer that allows `rate` starts per second, evenly spaced. After a pause it allows a burst of at most
 * 100 ms worth of starts. Time is passed in, so a test needs no clock.
 */
export function createPacer(rate: number): Pacer {
  const gapMs = 1000 / rate;
  const burstMs = Math.max(gapMs, 100);
  /** When the next start is due. */
  let nextMs = Number.NEGATIVE_INFINITY;
  return {
    take(nowMs) {
      nextMs = Math.max(nextMs, nowMs - burstMs + gapMs);
      const waitMs = Math.max(0, nextMs - nowMs);
      nextMs += gapMs;
      return waitMs;
    },
  };
}
