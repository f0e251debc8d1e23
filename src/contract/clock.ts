/**
 * Says what time it is. Passed in wherever "now" decides something, so that a test chooses the time
 * instead of waiting for it.
 */
export type Clock = {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
};

/** The machine's own clock. */
export const systemClock: Clock = { now: () => Date.now() };
