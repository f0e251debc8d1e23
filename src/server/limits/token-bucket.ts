import type { OperatorRate } from "./server-limits.ts";

/** Limits how often something may happen. Times are passed in, in ms, so that a test needs no clock. */
export type TokenBucket = {
  /** Takes up to `most` tokens. If there is none, `waitMs` is the time until the next one, in ms; otherwise 0. */
  take(most: number, nowMs: number): { taken: number; waitMs: number };
  /** Puts back tokens, up to the burst. */
  add(amount: number): void;
  /** Whether it is full, and so the same as a new one. */
  isFull(nowMs: number): boolean;
};

/** Creates a bucket that starts full. */
export function createTokenBucket({ perSecond, burst }: OperatorRate): TokenBucket {
  let tokens = burst;
  let filledAt: number | undefined;

  function fill(nowMs: number): void {
    // A clock that is set back adds nothing.
    const elapsedMs = Math.max(0, nowMs - (filledAt ?? nowMs));
    tokens = Math.min(burst, tokens + (elapsedMs * perSecond) / 1000);
    filledAt = nowMs;
  }

  return {
    take(most, nowMs) {
      fill(nowMs);
      const taken = Math.min(most, Math.floor(tokens));
      tokens -= taken;
      return { taken, waitMs: taken > 0 ? 0 : ((1 - tokens) * 1000) / perSecond };
    },
    add(amount) {
      tokens = Math.min(burst, tokens + amount);
    },
    isFull(nowMs) {
      fill(nowMs);
      return tokens >= burst;
    },
  };
}
