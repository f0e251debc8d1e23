/** Returns the current time. Passed in wherever the time matters, so that tests can set it instead of waiting. */
export type Clock = {
  /** Whole milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
};

/** The clock of the machine. */
export const systemClock: Clock = { now: () => Date.now() };
