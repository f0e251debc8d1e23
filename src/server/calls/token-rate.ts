import type { TakeCall } from "../../auth/token-grant.ts";
import type { OperatorRates } from "../limits/operator-rates.ts";
import { jitteredRateWait } from "./admission.ts";

/** Creates the count of granted tokens: each is a call of every operator of its account. */
export function createTokenRate(rates: OperatorRates): TakeCall {
  const perSecond = (asn: number) => rates.rateOf(asn)?.perSecond ?? Number.POSITIVE_INFINITY;
  return async function takeCall(asns) {
    // The lowest rate first: what it rejects takes nothing from the others.
    for (const asn of [...asns].sort((a, b) => perSecond(a) - perSecond(b))) {
      const waitMs = await rates.take(asn);
      if (waitMs > 0) {
        return {
          rateExceeded: `operator ${asn} may make ${perSecond(asn)} calls per second, and requests for tokens count; retry after the delay in Retry-After and use each token for an hour`,
          retryAfterMs: jitteredRateWait(waitMs),
        };
      }
    }
    return undefined;
  };
}
