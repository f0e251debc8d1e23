import { setTimeout } from "node:timers/promises";

/**
 * How failed calls are retried.
 *
 * ```ts
 * const client = createPlanSharingClient({
 *   endpoint: "production",
 *   token: googleCredentials(),
 *   retry: { maxAttempts: 8, maxDelayMs: 5_000 },
 *   onAttempt: ({ method, attempt, durationMs, error }) => console.log(method, attempt, durationMs, error?.code),
 * });
 * ```
 */
export type RetryOptions = {
  /** Maximum attempts of a call, including the first one. Defaults to 5; 1 disables retries. */
  maxAttempts?: number;
  /** Maximum wait before the second attempt, in milliseconds; doubles with each further one. Defaults to 100. */
  initialDelayMs?: number;
  /** Maximum that the doubling reaches, in milliseconds. Defaults to 10,000. */
  maxDelayMs?: number;
  /** Maximum wait that a server can ask for in RetryInfo or Retry-After, in milliseconds. Defaults to 30,000. */
  maxRetryAfterMs?: number;
};

/**
 * The clock, random numbers and waits of a client. Tests replace them.
 *
 * ```ts
 * const waits: number[] = [];
 * const pacing: Partial<Pacing> = { sleep: async (ms) => void waits.push(ms) };
 * const client = createPlanSharingClient({ endpoint: "http://localhost:8080", token: "test", pacing });
 * ```
 */
export type Pacing = {
  /** Returns milliseconds since the epoch, with a fraction. */
  now(): number;
  /** Returns a number from 0 up to but not including 1. */
  random(): number;
  /** Resolves after `ms` milliseconds; rejects when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
};

/** The system's pacing. Unlike `Date.now()`, its clock never goes backwards. */
export const systemPacing: Pacing = {
  now: () => performance.timeOrigin + performance.now(),
  random: Math.random,
  sleep: (ms, signal) => setTimeout(ms, undefined, { signal }),
};

/** Decides how often to retry and how long to wait before. */
export type RetryPolicy = {
  readonly maxAttempts: number;
  /**
   * Returns the wait in milliseconds after the failed attempt, counted from 1: exponential back-off with full jitter,
   * so that clients that failed together do not retry together. For the same reason, a wait that the server asked for
   * grows by up to `initialDelayMs`.
   */
  delayMs(failedAttempt: number, retryAfterMs: number | undefined): number;
};

/** Creates a policy; `false` disables retries. Throws RangeError for a number that is out of range. */
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
