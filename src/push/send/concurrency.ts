/** How many requests may be under way, found out while they are: more while all is well, far fewer at once if not. */
export type Concurrency = {
  limit(): number;
  /** A request was answered after so many milliseconds; `inFlight` counts it. */
  answered(latencyMs: number, inFlight: number, nowMs: number): void;
  /** A request was turned away or got no answer: the other side has too much to do, or is gone. */
  overloaded(nowMs: number): void;
};

export type ConcurrencyOptions = {
  /** Never more than this. */
  cap: number;
  /** To begin with. Defaults to 8. */
  initial?: number;
};

/** How far latency may rise above the lowest of late before it counts as a queue at the other side. */
const factor = 4;
const slackMs = 25;

/** Latency alone takes the limit no lower: what is slow for other reasons would be slow with one request as well. */
const leastForLatency = 8;

/** For how long a lowest latency stands, in milliseconds: what has become slower for good is the new normal. */
const memoryMs = 30_000;

/** How much of the mean latency is the newest one. */
const weight = 0.05;

/**
 * Creates the control: additive increase, multiplicative decrease. The limit grows by one for each answer until the
 * first sign of trouble, and from then on by one for each round of answers. A refusal halves it, rising latency takes
 * a fifth off; either counts once for all requests that were under way when it came.
 */
export function createConcurrency({ cap, initial = 8 }: ConcurrencyOptions): Concurrency {
  let limit = Math.min(cap, initial);
  let mean: number | undefined;
  let lowest = Number.POSITIVE_INFINITY;
  let lowestAt = 0;
  let isStarting = true;
  let decreasedAt = Number.NEGATIVE_INFINITY;

  function decrease(by: number, least: number, nowMs: number): void {
    isStarting = false;
    if (nowMs - decreasedAt > Math.max(100, mean ?? 0)) {
      limit = Math.max(Math.min(least, limit), limit * by);
      decreasedAt = nowMs;
    }
  }

  return {
    limit: () => Math.floor(limit),
    answered(latencyMs, inFlight, nowMs) {
      mean = mean === undefined ? latencyMs : mean + weight * (latencyMs - mean);
      if (mean <= lowest || nowMs - lowestAt > memoryMs) {
        lowest = mean;
        lowestAt = nowMs;
      }
      if (mean > lowest * factor + slackMs) {
        decrease(0.8, leastForLatency, nowMs);
      } else if (inFlight >= Math.floor(limit)) {
        // A limit that nothing presses against has not been tried, and says nothing.
        limit = Math.min(cap, limit + (isStarting ? 1 : 1 / limit));
      }
    },
    overloaded(nowMs) {
      decrease(0.5, 1, nowMs);
    },
  };
}
