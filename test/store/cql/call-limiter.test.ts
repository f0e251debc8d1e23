import { describe, expect, test } from "vitest";
import { type CallLimiterOptions, createCallLimiter } from "../../../src/store/cql/call-limiter.ts";
import { StoreUnavailable } from "../../../src/store/plan-store.ts";

const limiterWith = (options: Partial<CallLimiterOptions> = {}) =>
  createCallLimiter({ maxCalls: 100, maxBytes: 1000, maxRunning: 2, maxWait: 10_000, ...options });

describe("the call limiter", () => {
  test("runs at most maxRunning calls at a time, in the order of arrival", async () => {
    const limiter = limiterWith();
    const started: number[] = [];
    const ends = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
    const calls = ends.map(({ promise }, index) =>
      limiter.run(() => {
        started.push(index);
        return promise;
      }),
    );
    expect(started).toEqual([0, 1]);
    ends[1]?.resolve();
    await calls[1];
    expect(started).toEqual([0, 1, 2]);
    for (const { resolve } of ends) {
      resolve();
    }
    await Promise.all(calls);
    expect(started).toEqual([0, 1, 2, 3, 4]);
  });

  test("rejects calls above maxCalls or maxBytes, and admits calls again once others have settled", async () => {
    const limiter = limiterWith({ maxCalls: 2 });
    const end = Promise.withResolvers<void>();
    const calls = [limiter.admit(600, () => end.promise)];
    await expect(limiter.admit(401, async () => {})).rejects.toThrow(/overloaded: 1 calls \(600 bytes\)/);
    calls.push(limiter.admit(400, () => end.promise));
    await expect(limiter.admit(0, async () => {})).rejects.toThrow(StoreUnavailable);
    expect(() => limiter.check()).toThrow(StoreUnavailable);
    end.resolve();
    await Promise.all(calls);
    expect(await limiter.admit(1000, async () => "admitted")).toBe("admitted");
  });

  test("rejects every call that has waited longer than maxWait as soon as a running call ends", async () => {
    // Any time is longer than that.
    const limiter = limiterWith({ maxRunning: 1, maxWait: -1 });
    const end = Promise.withResolvers<void>();
    const first = limiter.run(() => end.promise);
    const others = Promise.allSettled([1, 2, 3].map(() => limiter.run(async () => "ran")));
    end.resolve();
    await first;
    expect(await others).toMatchObject(
      [1, 2, 3].map(() => ({ status: "rejected", reason: expect.any(StoreUnavailable) })),
    );
    expect(await limiter.run(async () => "ran")).toBe("ran");
  });

  test("is drained once every admitted call has settled, including calls that failed", async () => {
    const limiter = limiterWith();
    const end = Promise.withResolvers<void>();
    const failing = limiter.admit(1, () => end.promise);
    const drained = limiter.drain();
    await expect(limiter.admit(1, async () => {})).rejects.toThrow("closed");
    end.reject(new Error("failed"));
    await expect(failing).rejects.toThrow("failed");
    await drained;
  });
});
