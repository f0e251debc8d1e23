/** Controls how many requests may be in flight: more while the server keeps up, quickly fewer when it does not. */
export type Concurrency = {
  limit(): number;
  /** Reports an answer after `latencyMs`. `inFlight` includes its request. */
  answered(latencyMs: number, inFlight: number, nowMs: number): void;
  /** Reports that the server was overloaded or did not answer. */
  overloaded(nowMs: number): void;
};

/** Limit at the start. */
const initialLimit = 8;

/** Requests queue at the server if the mean latency exceeds the recent minimum by this factor and slack. */
const factor = 4;
const slackMs = 25;

/** Latency alone does not lower the limit below this, because latency with other causes is as high for one request. */
const minForLatency = 8;

/** How long a minimum latency is remembered, in milliseconds. After that, a higher latency is normal. */
const memoryMs = 30_000;

/** Weight of the newest latency in the mean. */
const weight = 0.05;

/**
 * Creates the control: additive increase, multiplicative decrease. The limit grows up to `cap`: by one per answer until
 * the first decrease, and then by one per round of answers. An overload halves it, rising latency reduces it by a fifth.
 * Either counts once for all requests that were in flight at the time.
 */
export function createConcurrency({ cap }: { cap: number }): Concurrency {
  let limit = Math.min(cap, initialLimit);
  let mean: number | undefined;
  let lowest = Number.POSITIVE_INFINITY;
  let lowestAt = 0;
  let isStarting = true;
  let decreasedAt = Number.NEGATIVE_INFINITY;

  function decrease(by: number, min: number, nowMs: number): void {
    isStarting = false;
    if (nowMs - decreasedAt > Math.max(100, mean ?? 0)) {
      limit = Math.max(Math.min(min, limit), limit * by);
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
        decrease(0.8, minForLatency, nowMs);
      } else if (inFlight >= Math.floor(limit)) {
        // Only if the limit was reached: otherwise it is not known whether the server would keep up with more.
        limit = Math.min(cap, limit + (isStarting ? 1 : 1 / limit));
      }
    },
    overloaded(nowMs) {
      decrease(0.5, 1, nowMs);
    },
  };
}
