import type { OperatorRate } from "./server-limits.ts";

/** Says whether one more call may start now and, if not, when. */
export type TokenBucket = {
  /**
   * Takes up to so many tokens and returns how many there were. 0 comes with the time until the next one, in ms.
   */
  take(most: number, nowMs: number): { taken: number; waitMs: number };
  /** Whether it is full, and so as good as a new one. */
  isFull(nowMs: number): boolean;
};

/** Creates a bucket that starts full. Time is passed in, so a test needs no clock. */
export function createTokenBucket({ perSecond, burst }: OperatorRate): TokenBucket {
  let tokens = burst;
  let filledAt = Number.NEGATIVE_INFINITY;

  const fill = (nowMs: number) => {
    // A clock that is set back fills nothing.
    const elapsed = Number.isFinite(filledAt) ? Math.max(0, nowMs - filledAt) : 0;
    tokens = Math.min(burst, tokens + (elapsed * perSecond) / 1000);
    filledAt = nowMs;
  };

  return {
    take(most, nowMs) {
      fill(nowMs);
      const taken = Math.min(most, Math.floor(tokens));
      tokens -= taken;
      return { taken, waitMs: taken > 0 ? 0 : ((1 - tokens) * 1000) / perSecond };
    },
    isFull(nowMs) {
      fill(nowMs);
      return tokens >= burst;
    },
  };
}
