import { describe, expect, test } from "vitest";
import { removeRecord } from "../../../src/store/remove-record.ts";
import { at, type Bench, bytesOf, start, stored, whySkipped } from "./support.ts";

/** What the next store finds. */
export function describeRestart(bench: Bench): void {
  const { put, get } = bench;

  describe.skipIf(bench.volatile)(`a restart${whySkipped(bench.volatile)}`, () => {
    test("records, their order and their expiry survive a restart", async () => {
      await put({ updateTime: at(5, 7), expiresAtMs: start + 1000, value: bytesOf("kept") });
      await bench.store.close();
      await bench.reopen();
      expect(await get()).toBe("kept");
      expect(await put({ updateTime: at(5, 6) })).toEqual({ outcome: "stale", storedUpdateTime: at(5, 7) });
      bench.clock.set(start + 1000);
      expect(await bench.store.get(bench.key)).toBeUndefined();
    });

    test("puts that were accepted before close are stored after a restart", async () => {
      const ids = Array.from({ length: 200 }, (_, index) => `user${index}`);
      const puts = ids.map((id) => put({ key: { ...bench.key, id }, value: bytesOf(id) }));
      await bench.store.close();
      await Promise.all(puts);
      await bench.reopen();
      expect(await Promise.all(ids.map((id) => get({ ...bench.key, id })))).toEqual(ids);
    });

    test("a removed record is missing after a restart, and makes no put stale", async () => {
      await put({ updateTime: at(5) });
      await removeRecord(bench.store, bench.key);
      await bench.reopen();
      expect(await bench.store.get(bench.key)).toBeUndefined();
      expect(await put({ updateTime: at(4) })).toEqual(stored);
    });
  });
}
