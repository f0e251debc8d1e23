import { setTimeout } from "node:timers/promises";

/** How failed calls are repeated. */
export type RetryOptions = {
  /** Attempts of one call at most, the first one included. Defaults to 5; 1 repeats nothing. */
  maxAttempts?: number;
  /** Longest wait before the second attempt, in milliseconds; doubled for each one after it. Defaults to 100. */
  initialDelayMs?: number;
  /** Longest wait that the doubling leads to, in milliseconds. Defaults to 10 000. */
  maxDelayMs?: number;
  /** Longest wait that a server may ask for by RetryInfo or Retry-After, in milliseconds. Defaults to 30 000. */
  maxRetryAfterMs?: number;
};

/** Time and chance, as tests replace them. */
export type Pacing = {
  /** Milliseconds since the epoch, with a fraction. */
  now(): number;
  /** From 0 up to but not including 1. */
  random(): number;
  /** Resolves after so many milliseconds; rejects as soon as the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
};

/** The machine's own. Its time never goes back, as that of `Date` may. */
export const systemPacing: Pacing = {
  now: () => performance.timeOrigin + performance.now(),
  random: Math.random,
  sleep: (ms, signal) => setTimeout(ms, undefined, { signal }),
};

/** Says how long to wait before a repetition. */
export type RetryPolicy = {
  readonly maxAttempts: number;
  /**
   * Returns milliseconds, for the attempt that failed, counted from 1. Exponential back-off with full jitter: any
   * time up to the bound is as likely as any other, so that clients which failed together do not come back together.
   * A server that asked for a time gets it, and up to `initialDelayMs` more for the same reason.
   */
  delayMs(failedAttempt: number, retryAfterMs: number | undefined): number;
};

/** Creates the policy; `false` never repeats. Raises RangeError for a number that is out of range. */
export function createRetryPolicy(options: RetryOptions | false, random: Pacing["random"]): RetryPolicy {
  const {
    maxAttempts = 5,
    initialDelayMs = 100,
    maxDelayMs = 10_000,
    maxRetryAfterMs = 30_000,
  } = options === false ? { maxAttempts: 1 } : options;
  if (!Number.isInteger(maxAttempts) || maxAttempts < 1) {
    throw new RangeError(`retry.maxAttempts: ${maxAttempts} must be a whole number, at least 1`);
  }
  for (const [name, value] of Object.entries({ initialDelayMs, maxDelayMs, maxRetryAfterMs })) {
    if (!(value >= 0 && value <= 0x7fffffff)) {
      throw new RangeError(`retry.${name}: ${value} must be from 0 to ${0x7fffffff} milliseconds`);
    }
  }
  return {
    maxAttempts,
    delayMs(failedAttempt, retryAfterMs) {
      if (retryAfterMs !== undefined) {
        return Math.min(retryAfterMs, maxRetryAfterMs) + random() * initialDelayMs;
      }
      return random() * Math.min(maxDelayMs, initialDelayMs * 2 ** (failedAttempt - 1));
    },
  };
}
