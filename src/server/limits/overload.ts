/** Says whether one more call may be served now. */
export type OverloadGuard = {
  /**
   * Counts a call in and returns how to count it out, once; undefined if there are too many already or the event loop is
   * late. Calls of those who have shown no token are counted apart, so that they cannot keep the others out.
   */
  enter(who: "known" | "anybody"): (() => void) | undefined;
  readonly inFlight: number;
  stop(): void;
};

export type OverloadOptions = {
  /** Calls under way at once of those who have shown a token. */
  maxInFlight: number;
  /** Delay of the event loop above which no call is let in, in ms; 0 for never. */
  maxEventLoopDelayMs: number;
};

/** Calls under way at once of anybody: requests for tokens, and streams of reflection, which may be quiet for long. */
const mostOfAnybody = 256;

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
  const inFlight = { known: 0, anybody: 0 };
  const most = { known: maxInFlight, anybody: mostOfAnybody };
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
  const leave = {
    known() {
      inFlight.known -= 1;
    },
    anybody() {
      inFlight.anybody -= 1;
    },
  };

  return {
    enter(who) {
      if (inFlight[who] >= most[who] || late >= looks) {
        return undefined;
      }
      inFlight[who] += 1;
      return leave[who];
    },
    get inFlight() {
      return inFlight.known + inFlight.anybody;
    },
    stop: () => clearInterval(timer),
  };
}
