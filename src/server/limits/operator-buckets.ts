import type { OperatorRate } from "./server-limits.ts";
import { createTokenBucket, type TokenBucket } from "./token-bucket.ts";

/** The token buckets of operators. */
export type OperatorBuckets = {
  /** Returns the bucket of an operator; creates it with the given rate if there is none. */
  bucketOf(asn: number, rate: OperatorRate, nowMs: number): TokenBucket;
  readonly size: number;
};

/** Buckets beyond which full ones are forgotten before another is added: a full bucket is the same as a new one. */
const forgetAbove = 10_000;

/** Creates an empty set of buckets. */
export function createOperatorBuckets(): OperatorBuckets {
  const buckets = new Map<number, TokenBucket>();

  function forgetFull(nowMs: number): void {
    for (const [asn, bucket] of buckets) {
      if (bucket.isFull(nowMs)) {
        buckets.delete(asn);
      }
    }
  }

  return {
    bucketOf(asn, rate, nowMs) {
      let bucket = buckets.get(asn);
      if (bucket === undefined) {
        if (buckets.size >= forgetAbove) {
          forgetFull(nowMs);
        }
        bucket = createTokenBucket(rate);
        buckets.set(asn, bucket);
      }
      return bucket;
    },
    get size() {
      return buckets.size;
    },
  };
}
