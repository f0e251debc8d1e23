import { describe, expect, test } from "vitest";
import { StoreUnavailable } from "../../../src/store/plan-store.ts";
import { at, type Bench, bytesOf, key, pagesOf, start, stored } from "./support.ts";

/** The end of a store and what the next one finds. */
export function describeClose(bench: Bench): void {
  const { put, get } = bench;

  describe("close", () => {
    test("finishes the puts that were accepted", async () => {
      const ids = Array.from({ length: 200 }, (_, index) => `user${index}`);
      const puts = ids.map((id) => put({ key: { ...key, id }, value: bytesOf(id) }));
      await bench.store.close();
      expect(await Promise.all(puts)).toEqual(ids.map(() => stored));
      await bench.reopen();
      expect(await Promise.all(ids.map((id) => get({ ...key, id })))).toEqual(ids);
    });

    test("finishes the gets that were accepted", async () => {
      await put({});
      const found = get();
      await bench.store.close();
      expect(await found).toBe("value");
    });

    test("makes later calls reject", async () => {
      await bench.store.close();
      await expect(put({})).rejects.toThrow(StoreUnavailable);
      await expect(bench.store.get(key)).rejects.toThrow(StoreUnavailable);
      await expect(bench.store.health()).rejects.toThrow(StoreUnavailable);
      await expect(pagesOf(bench.store)).rejects.toThrow(StoreUnavailable);
    });

    test("refuses calls from the moment it is called", async () => {
      const closed = bench.store.close();
      await expect(put({})).rejects.toThrow(StoreUnavailable);
      await closed;
    });

    test("may be called again, also at the same time", async () => {
      await Promise.all([bench.store.close(), bench.store.close()]);
      await bench.store.close();
    });

    test("keeps records, their order and their expiry for the next open", async () => {
      await put({ updateTime: at(5, 7), expiresAtMs: start + 1000, value: bytesOf("kept") });
      await bench.store.close();
      await bench.reopen();
      expect(await get()).toBe("kept");
      expect(await put({ updateTime: at(5, 6) })).toEqual({ outcome: "stale", storedUpdateTime: at(5, 7) });
      bench.clock.set(start + 1000);
      expect(await bench.store.get(key)).toBeUndefined();
    });
  });
}

/** What a store says when asked for its health. */
export function describeHealth(bench: Bench): void {
  describe("health", () => {
    test("is there from the beginning, and under load", async () => {
      await bench.store.health();
      const puts = Array.from({ length: 500 }, (_, index) =>
        bench.put({ key: { ...key, id: `user${index}` } }),
      );
      await bench.store.health();
      await Promise.all(puts);
      await bench.store.health();
    });

    test("changes nothing", async () => {
      await bench.put({ value: bytesOf("value") });
      await bench.store.health();
      expect(await bench.get()).toBe("value");
      expect((await pagesOf(bench.store)).flatMap(({ records }) => records)).toHaveLength(1);
    });

    test("is gone from the moment the store is closed", async () => {
      const closed = bench.store.close();
      await expect(bench.store.health()).rejects.toThrow(StoreUnavailable);
      await closed;
      await expect(bench.store.health()).rejects.toThrow(StoreUnavailable);
    });
  });
}

/** What a signal does to a call. */
export function describeCancellation(bench: Bench): void {
  const reason = new Error("the caller has gone");

  describe("a signal", () => {
    test("aborted before makes a put reject with its reason, and stores nothing", async () => {
      await expect(bench.put({ updateTime: at(9) }, AbortSignal.abort(reason))).rejects.toBe(reason);
      expect(await bench.store.get(key)).toBeUndefined();
      expect(await bench.put({ updateTime: at(1) })).toEqual(stored);
    });

    test("aborted before makes a get reject with its reason", async () => {
      await bench.put({});
      await expect(bench.store.get(key, AbortSignal.abort(reason))).rejects.toBe(reason);
      expect(await bench.get()).toBe("value");
    });

    test("aborted after a call has ended means nothing", async () => {
      const controller = new AbortController();
      expect(await bench.put({}, controller.signal)).toEqual(stored);
      expect(await bench.get(key, controller.signal)).toBe("value");
      controller.abort(reason);
      expect(await bench.get()).toBe("value");
    });

    test("aborted meanwhile leaves every put either stored or rejected with its reason", async () => {
      const controller = new AbortController();
      const keys = Array.from({ length: 200 }, (_, index) => ({ ...key, id: `user${index}` }));
      const puts = keys.map((key, index) =>
        bench.put({ key }, index % 2 === 0 ? controller.signal : undefined),
      );
      controller.abort(reason);
      const outcomes = await Promise.allSettled(puts);
      for (const [index, outcome] of outcomes.entries()) {
        const isStored = (await bench.get(keys[index])) === "value";
        expect(outcome).toEqual(
          isStored ? { status: "fulfilled", value: stored } : { status: "rejected", reason },
        );
        if (index % 2 === 1) {
          expect(isStored).toBe(true);
        }
      }
    });

    test("of one call does nothing to the others of its turn", async () => {
      const cancelled = bench.put({ key: { ...key, id: "a" } }, AbortSignal.abort(reason));
      const others = [bench.put({ key: { ...key, id: "b" } }), bench.put({ key: { ...key, id: "c" } })];
      await expect(cancelled).rejects.toBe(reason);
      expect(await Promise.all(others)).toEqual([stored, stored]);
    });
  });
}
