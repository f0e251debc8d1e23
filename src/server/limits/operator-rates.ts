import type { OperatorRate, ServerLimits } from "./server-limits.ts";
import { createTokenBucket, type TokenBucket } from "./token-bucket.ts";

/** What a call of an operator is told: 0 to go on, else in how many milliseconds to try again. */
export type Wait = number;

/** Holds operators to their rates. */
export type OperatorRates = {
  /** Returns the rate of an operator; undefined if it has no bound. */
  rateOf(asn: number): OperatorRate | undefined;
  /** Takes one call. A promise where another process has to be asked. */
  take(asn: number): Wait | Promise<Wait>;
};

/** Gives out the calls of an operator: up to `most` at once, or none and the time until the next, in ms. */
export type LeaseCalls = (asn: number, most: number) => { taken: number; waitMs: number };

type Limits = Pick<ServerLimits, "operatorRate" | "operatorRates">;

/** Buckets that are looked through for full ones, which need not be kept, when there are more than this. */
const tidyAt = 10_000;

const rateOf =
  ({ operatorRate, operatorRates }: Limits) =>
  (asn: number) =>
    operatorRates.get(asn) ?? operatorRate;

/** Creates the one place that knows how much each operator has left. */
export function createLease(limits: Limits, nowMs: () => number = () => performance.now()): LeaseCalls {
  const buckets = new Map<number, TokenBucket>();
  const find = rateOf(limits);

  function tidy(now: number): void {
    for (const [asn, bucket] of buckets) {
      if (bucket.isFull(now)) {
        buckets.delete(asn);
      }
    }
  }

  return (asn, most) => {
    const rate = find(asn);
    if (rate === undefined) {
      return { taken: most, waitMs: 0 };
    }
    const now = nowMs();
    let bucket = buckets.get(asn);
    if (bucket === undefined) {
      if (buckets.size >= tidyAt) {
        tidy(now);
      }
      bucket = createTokenBucket(rate);
      buckets.set(asn, bucket);
    }
    return bucket.take(most, now);
  };
}

/** Creates the rates of a server that is one process. */
export function createOperatorRates(limits: Limits): OperatorRates {
  const lease = createLease(limits);
  return { rateOf: rateOf(limits), take: (asn) => lease(asn, 1).waitMs };
}

/** For how long calls that were leased may be used, in ms. */
const leaseMs = 100;

/**
 * Creates the rates of one of several processes. It asks for the calls of a tenth of a second at a time, so that most
 * calls need not wait for an answer, and all processes together keep the rate whichever of them an operator reaches.
 */
export function createLeasedRates(
  limits: Limits,
  lease: (asn: number, most: number) => Promise<{ taken: number; waitMs: number }>,
): OperatorRates {
  const find = rateOf(limits);
  const leased = new Map<number, { left: number; until: number }>();
  const asking = new Map<number, Promise<Wait>>();

  function takeLeased(asn: number): boolean {
    const mine = leased.get(asn);
    if (mine === undefined || mine.left === 0 || performance.now() >= mine.until) {
      return false;
    }
    mine.left -= 1;
    return true;
  }

  async function ask(asn: number, { perSecond, burst }: OperatorRate): Promise<Wait> {
    const most = Math.max(1, Math.min(burst, Math.ceil((perSecond * leaseMs) / 1000)));
    const { taken, waitMs } = await lease(asn, most);
    leased.set(asn, { left: taken, until: performance.now() + leaseMs });
    return waitMs;
  }

  async function takeAsked(asn: number, rate: OperatorRate): Promise<Wait> {
    for (;;) {
      // One question for all who wait: each with one of its own would lease more than it can use.
      let answer = asking.get(asn);
      if (answer === undefined) {
        answer = ask(asn, rate).finally(() => asking.delete(asn));
        asking.set(asn, answer);
      }
      const waitMs = await answer;
      if (waitMs > 0 || takeLeased(asn)) {
        return waitMs;
      }
    }
  }

  return {
    rateOf: find,
    take(asn) {
      const rate = find(asn);
      return rate === undefined || takeLeased(asn) ? 0 : takeAsked(asn, rate);
    },
  };
}
