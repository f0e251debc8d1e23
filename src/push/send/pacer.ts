/** Says how long one more request must wait, so that no more than a number of them start each second. */
export type TokenBucket = {
  /** Takes the next start and returns in how many milliseconds it may be; 0 for at once. */
  take(nowMs: number): number;
};

/**
 * Creates a bucket that gives `rate` starts a second in the long run, evenly, and after a quiet time at most a tenth
 * of a second's worth at once. Time is passed in, so a test needs no clock.
 */
export function createTokenBucket(rate: number): TokenBucket {
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
