/** Returns how many milliseconds to wait after a failed attempt, counted from 1. */
export type BackOff = (attempt: number, retryAfterMs: number | undefined) => number;

/**
 * Creates an exponential back-off with full jitter: any delay from 0 to a bound that doubles, starting with `firstMs`. A
 * delay that the server asks for is respected, with up to 1 s of jitter so that not all clients return at once. No delay
 * exceeds `mostMs`. Tests replace `random`, which returns a number from 0 to 1.
 */
export function createBackOff({ firstMs = 100, mostMs = 30_000, random = Math.random } = {}): BackOff {
  return function delayMs(attempt, retryAfterMs) {
    const bound = Math.min(mostMs, firstMs * 2 ** Math.min(attempt - 1, 30));
    return retryAfterMs === undefined
      ? random() * bound
      : Math.min(mostMs, retryAfterMs + random() * Math.min(bound, 1_000));
  };
}
