import { describe, expect, it } from "vitest";
import { createOperatorBuckets } from "../../../src/server/limits/operator-buckets.ts";

const rate = { perSecond: 1, burst: 2 };

/** Takes one call of each of the operators 1 to `count`, all at 0 ms: after 1 s their buckets are full again. */
function withOperators(count: number) {
  const buckets = createOperatorBuckets();
  for (let asn = 1; asn <= count; asn++) {
    buckets.bucketOf(asn, rate, 0).take(1, 0);
  }
  return buckets;
}

describe("the buckets of operators", () => {
  it("are one for each operator", () => {
    const buckets = createOperatorBuckets();
    const first = buckets.bucketOf(1, rate, 0);
    expect(buckets.bucketOf(1, rate, 0)).toBe(first);
    expect(buckets.bucketOf(2, rate, 0)).not.toBe(first);
    expect(buckets.size).toBe(2);
  });

  it("keep full buckets up to 10,000 operators", () => {
    const buckets = withOperators(10_000);
    buckets.bucketOf(1, rate, 60_000);
    expect(buckets.size).toBe(10_000);
  });

  it("forget all full buckets when another operator comes after 10,000", () => {
    const buckets = withOperators(10_000);
    buckets.bucketOf(10_001, rate, 1_000);
    expect(buckets.size).toBe(1);
  });

  it("keep the buckets that are not full, so that an exhausted operator stays limited", () => {
    const buckets = withOperators(10_000);
    const exhausted = buckets.bucketOf(7, rate, 0);
    expect(exhausted.take(1, 0).taken).toBe(1);
    buckets.bucketOf(10_001, rate, 1_000);
    expect(buckets.size).toBe(2);
    expect(buckets.bucketOf(7, rate, 1_000)).toBe(exhausted);
    expect(exhausted.take(2, 1_000).taken).toBe(1);
  });

  it("never number more than 10,000 while operators become quiet, however many there are", () => {
    const buckets = createOperatorBuckets();
    let most = 0;
    for (let asn = 1; asn <= 50_000; asn++) {
      buckets.bucketOf(asn, rate, asn).take(1, asn);
      most = Math.max(most, buckets.size);
    }
    expect(most).toBe(10_000);
  });
});
