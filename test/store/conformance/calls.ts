import { describe, expect, test } from "vitest";
import { type RecordPage, StoreUnavailable } from "../../../src/store/plan-store.ts";
import { at, type Bench, bytesOf, pagesOf, stored } from "./support.ts";

/** Closing a store. */
export function describeClose(bench: Bench): void {
  const { put, get } = bench;

  describe("close", () => {
    test("close finishes the puts that were accepted", async () => {
      const ids = Array.from({ length: 200 }, (_, index) => `user${index}`);
      const puts = ids.map((id) => put({ key: { ...bench.key, id } }));
      await bench.store.close();
      expect(await Promise.all(puts)).toEqual(ids.map(() => stored));
    });

    test("close finishes the gets that were accepted", async () => {
      await put({});
      const found = get();
      await bench.store.close();
      expect(await found).toBe("value");
    });

    test("calls reject after close has resolved", async () => {
      await bench.store.close();
      await expect(put({})).rejects.toThrow(StoreUnavailable);
      await expect(bench.store.get(bench.key)).rejects.toThrow(StoreUnavailable);
      await expect(bench.store.health()).rejects.toThrow(StoreUnavailable);
      await expect(pagesOf(bench.store)).rejects.toThrow(StoreUnavailable);
    });

    test("calls reject from the moment that close is called", async () => {
      const closed = bench.store.close();
      await expect(put({})).rejects.toThrow(StoreUnavailable);
      await closed;
    });

    test("close may be called more than once, also concurrently", async () => {
      await Promise.all([bench.store.close(), bench.store.close()]);
      expect(await bench.store.close()).toBeUndefined();
    });
  });
}

function recordsOf(pages: readonly RecordPage[]) {
  return pages.flatMap(({ records }) => records);
}

/** Health checks. */
export function describeHealth(bench: Bench): void {
  describe("health", () => {
    test("health resolves right after the start and under load", async () => {
      await bench.store.health();
      const puts = Array.from({ length: 500 }, (_, index) =>
        bench.put({ key: { ...bench.key, id: `user${index}` } }),
      );
      await bench.store.health();
      await Promise.all(puts);
      expect(await bench.store.health()).toBeUndefined();
    });

    test("health changes no record", async () => {
      await bench.put({ value: bytesOf("value") });
      const before = recordsOf(await pagesOf(bench.store));
      await bench.store.health();
      expect(await bench.get()).toBe("value");
      expect(recordsOf(await pagesOf(bench.store))).toEqual(before);
    });

    test("health rejects from the moment that close is called", async () => {
      const closed = bench.store.close();
      await expect(bench.store.health()).rejects.toThrow(StoreUnavailable);
      await closed;
      await expect(bench.store.health()).rejects.toThrow(StoreUnavailable);
    });
  });
}

/** The effect of a signal on a call. */
export function describeCancellation(bench: Bench): void {
  const reason = new Error("the caller has gone");

  describe("a signal", () => {
    test("a put rejects with the reason of a signal that is already aborted, and stores nothing", async () => {
      await expect(bench.put({ updateTime: at(9) }, AbortSignal.abort(reason))).rejects.toBe(reason);
      expect(await bench.store.get(bench.key)).toBeUndefined();
      expect(await bench.put({ updateTime: at(1) })).toEqual(stored);
    });

    test("a get rejects with the reason of a signal that is already aborted", async () => {
      await bench.put({});
      await expect(bench.store.get(bench.key, AbortSignal.abort(reason))).rejects.toBe(reason);
      expect(await bench.get()).toBe("value");
    });

    test("aborting a signal after its call has settled has no effect", async () => {
      const controller = new AbortController();
      expect(await bench.put({}, controller.signal)).toEqual(stored);
      expect(await bench.get(bench.key, controller.signal)).toBe("value");
      controller.abort(reason);
      expect(await bench.get()).toBe("value");
    });

    test("puts whose signal is aborted in flight are either stored or reject with its reason", async () => {
      const controller = new AbortController();
      const keys = Array.from({ length: 200 }, (_, index) => ({ ...bench.key, id: `user${index}` }));
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

    test("an aborted put does not affect other puts of the same batch", async () => {
      const cancelled = bench.put({ key: { ...bench.key, id: "a" } }, AbortSignal.abort(reason));
      const others = [
        bench.put({ key: { ...bench.key, id: "b" } }),
        bench.put({ key: { ...bench.key, id: "c" } }),
      ];
      await expect(cancelled).rejects.toBe(reason);
      expect(await Promise.all(others)).toEqual([stored, stored]);
    });
  });
}
