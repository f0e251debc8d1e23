import { createOperatorBuckets } from "./operator-buckets.ts";
import type { OperatorRate, ServerLimits } from "./server-limits.ts";

/** Limits the calls of each operator to its rate. */
export type OperatorRates = {
  /** Returns the rate of an operator; undefined for unlimited. */
  rateOf(asn: number): OperatorRate | undefined;
  /** Takes one call and returns how long it has to wait, in ms: a promise if another process decides. */
  take(asn: number): number | Promise<number>;
};

/** Calls given out, and the time until the next one, in ms, if none was. */
export type Lease = { taken: number; waitMs: number };

/** Gives out up to `most` calls of an operator. */
type LeaseCalls = (asn: number, most: number) => Lease;

type Limits = Pick<ServerLimits, "operatorRate" | "operatorRates">;
type Clock = () => number;

const monotonicMs: Clock = () => performance.now();

function rateOf({ operatorRate, operatorRates }: Limits, asn: number): OperatorRate | undefined {
  return operatorRates.get(asn) ?? operatorRate;
}

/** Creates the counter of the calls of all operators. */
export function createLease(limits: Limits, nowMs: Clock = monotonicMs): LeaseCalls {
  const buckets = createOperatorBuckets();
  return function leaseCalls(asn, most) {
    const rate = rateOf(limits, asn);
    if (rate === undefined) {
      return { taken: most, waitMs: 0 };
    }
    const now = nowMs();
    return buckets.bucketOf(asn, rate, now).take(most, now);
  };
}

/** Creates the rates of a server of one process. */
export function createOperatorRates(limits: Limits): OperatorRates {
  const lease = createLease(limits);
  return { rateOf: (asn) => rateOf(limits, asn), take: (asn) => lease(asn, 1).waitMs };
}

/** Validity of leased calls, in ms. */
const leaseMs = 100;

/**
 * Creates the rates of one of several processes. It leases the calls of 100 ms at a time, so that most calls do not wait
 * for an answer, and all processes together enforce the rate.
 */
export function createLeasedRates(
  limits: Limits,
  lease: (asn: number, most: number) => Promise<Lease>,
  nowMs: Clock = monotonicMs,
): OperatorRates {
  const leases = new Map<number, { left: number; until: number }>();
  const renewals = new Map<number, Promise<number>>();

  function takeLeased(asn: number): boolean {
    const leased = leases.get(asn);
    if (leased === undefined || leased.left === 0 || nowMs() >= leased.until) {
      return false;
    }
    leased.left -= 1;
    return true;
  }

  async function renew(asn: number, { perSecond, burst }: OperatorRate): Promise<number> {
    const most = Math.max(1, Math.min(burst, Math.ceil((perSecond * leaseMs) / 1000)));
    const { taken, waitMs } = await lease(asn, most);
    leases.set(asn, { left: taken, until: nowMs() + leaseMs });
    return waitMs;
  }

  async function renewAndTake(asn: number, rate: OperatorRate): Promise<number> {
    for (;;) {
      // All waiting calls share one renewal: one for each would lease more calls than they can use.
      let renewal = renewals.get(asn);
      if (renewal === undefined) {
        renewal = renew(asn, rate).finally(() => renewals.delete(asn));
        renewals.set(asn, renewal);
      }
      const waitMs = await renewal;
      if (waitMs > 0 || takeLeased(asn)) {
        return waitMs;
      }
    }
  }

  return {
    rateOf: (asn) => rateOf(limits, asn),
    take(asn) {
      const rate = rateOf(limits, asn);
      return rate === undefined || takeLeased(asn) ? 0 : renewAndTake(asn, rate);
    },
  };
}
