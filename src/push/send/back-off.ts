export type BackOffOptions = {
  /** Before the first repetition at most, in milliseconds. Defaults to 100. */
  firstMs?: number;
  /** Before any repetition at most, in milliseconds, also if the server asks for more. Defaults to 30,000. */
  mostMs?: number;
  /** From 0 to 1; replaced by tests. */
  random?: () => number;
};

/** Returns how many milliseconds to wait before repetition `attempt`, from 1. */
export type BackOff = (attempt: number, retryAfterMs: number | undefined) => number;

/**
 * Creates an exponential back-off with full jitter: anything from nothing to a bound that doubles. What the server
 * asks for is waited for in full, with jitter on top so that not everybody returns at once, but never beyond the most.
 */
export function createBackOff(options: BackOffOptions = {}): BackOff {
  const { firstMs = 100, mostMs = 30_000, random = Math.random } = options;
  return (attempt, retryAfterMs) => {
    const bound = Math.min(mostMs, firstMs * 2 ** Math.min(attempt - 1, 30));
    return retryAfterMs === undefined
      ? random() * bound
      : Math.min(mostMs, retryAfterMs + random() * Math.min(bound, 1_000));
  };
}
