import { describe, expect, it } from "vitest";
import { createTokenBucket } from "../../../src/server/limits/token-bucket.ts";

describe("a token bucket", () => {
  it("gives its burst at once, then what the time adds, and never more than the burst", () => {
    const bucket = createTokenBucket({ perSecond: 10, burst: 5 });
    expect(bucket.take(3, 0)).toEqual({ taken: 3, waitMs: 0 });
    expect(bucket.take(3, 0)).toEqual({ taken: 2, waitMs: 0 });
    expect(bucket.take(3, 0)).toEqual({ taken: 0, waitMs: 100 });
    expect(bucket.take(3, 250)).toEqual({ taken: 2, waitMs: 0 });
    expect(bucket.take(1, 250)).toEqual({ taken: 0, waitMs: 50 });
    expect(bucket.take(100, 1e9)).toEqual({ taken: 5, waitMs: 0 });
  });

  it("adds nothing when the clock is set back", () => {
    const bucket = createTokenBucket({ perSecond: 1, burst: 1 });
    expect(bucket.take(1, 1_000).taken).toBe(1);
    expect(bucket.take(1, 0).taken).toBe(0);
    expect(bucket.take(1, 1_000).taken).toBe(1);
  });

  it("starts full, is not full once a token is taken, and is full again when it has been refilled", () => {
    const bucket = createTokenBucket({ perSecond: 2, burst: 2 });
    expect(bucket.isFull(0)).toBe(true);
    bucket.take(1, 0);
    expect(bucket.isFull(0)).toBe(false);
    expect(bucket.isFull(499)).toBe(false);
    expect(bucket.isFull(500)).toBe(true);
  });
});
