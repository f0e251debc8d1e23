/** Says whether one more call may be served now. */
export type OverloadGuard = {
  /** Counts a call in, unless there are too many or the event loop is late; then returns false. */
  enter(): boolean;
  /** Counts out a call that was counted in. */
  leave(): void;
  readonly inFlight: number;
  stop(): void;
};

export type OverloadOptions = {
  /** Calls under way at once. */
  maxInFlight: number;
  /** Delay of the event loop above which no call is let in, in ms; 0 for never. */
  maxEventLoopDelayMs: number;
};

/** Time between two looks at the event loop, in ms. */
const tickMs = 50;

/** Looks in a row that must find it late: a single pause, such as a collection of garbage, is over when it is seen. */
const looks = 3;

/**
 * Creates the guard. The event loop is late when a timer fires later than it should: whatever is let in then waits as
 * long before it is even looked at, and makes all others wait longer. Refusing costs a small part of serving, so the
 * loop recovers. What counts is the least of the last delays, as in CoDel (RFC 8289): only a queue that stays is bad.
 */
export function createOverloadGuard({ maxInFlight, maxEventLoopDelayMs }: OverloadOptions): OverloadGuard {
  let inFlight = 0;
  let late = 0;
  let dueAt = performance.now() + tickMs;
  const timer = setInterval(() => {
    const now = performance.now();
    late = now - dueAt > maxEventLoopDelayMs ? late + 1 : 0;
    dueAt = now + tickMs;
  }, tickMs).unref();
  if (maxEventLoopDelayMs === 0) {
    clearInterval(timer);
  }

  return {
    enter() {
      if (inFlight >= maxInFlight || late >= looks) {
        return false;
      }
      inFlight += 1;
      return true;
    },
    leave() {
      inFlight -= 1;
    },
    get inFlight() {
      return inFlight;
    },
    stop: () => clearInterval(timer),
  };
}
