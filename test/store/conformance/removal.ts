import { describe, expect, test } from "vitest";
import type { RecordKey } from "../../../src/store/plan-store.ts";
import { removalOf, removeRecord } from "../../../src/store/remove-record.ts";
import { at, type Bench, bytesOf, idsOf, pagesOf, start, stored } from "./support.ts";

/** Times to which the clock of an emulator may be set, in ms. */
const first = 0;
const last = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const yearOne = { seconds: -62_135_596_800, nanos: 0 };
const year9999 = { seconds: 253_402_300_799, nanos: 999_999_999 };

/** Removing a record, with the clock at any time. */
export function describeRemoval(bench: Bench): void {
  const { put, get } = bench;
  const remove = () => removeRecord(bench.store, bench.key);
  const found = () => bench.store.get(bench.key);

  describe("removal", () => {
    test.each([
      ["an update time", at(5), undefined],
      ["the last update time", year9999, undefined],
      ["no update time", undefined, undefined],
      ["an expiry", at(5), start + 1000],
      ["the largest expiry", at(5), Number.MAX_SAFE_INTEGER],
    ])("a record with %s is gone once it was removed", async (_, updateTime, expiresAtMs) => {
      await put({ updateTime, expiresAtMs });
      await remove();
      expect(await found()).toBeUndefined();
      expect(await put({ updateTime: yearOne, value: bytesOf("older") })).toEqual(stored);
      expect(await get()).toBe("older");
    });

    test("removing a record leaves those of other keys", async () => {
      const others = [
        { ...bench.key, id: "user2" },
        { ...bench.key, clientId: "" },
        { ...bench.key, kind: "planGroup" as const },
      ];
      await Promise.all([bench.key, ...others].map((key) => put({ key })));
      await remove();
      expect(await Promise.all(others.map((key) => get(key)))).toEqual(others.map(() => "value"));
    });

    test("a record may be removed that is missing, removed already, or expired", async () => {
      await remove();
      await remove();
      await put({ updateTime: at(5), expiresAtMs: start + 1 });
      bench.clock.set(start + 1);
      await remove();
      expect(await found()).toBeUndefined();
      expect(await put({ updateTime: at(4) })).toEqual(stored);
    });

    test.each([
      ["1970", first],
      ["2026", start],
      ["9999", last],
    ])("a record that is removed in %s is gone at any time, and an older one may be put", async (_, now) => {
      await put({ updateTime: at(5) });
      bench.clock.set(now);
      await remove();
      for (const time of [now, first, first + 1, start, last]) {
        bench.clock.set(time);
        expect(await found()).toBeUndefined();
      }
      bench.clock.set(now);
      expect(await put({ updateTime: at(4), value: bytesOf("older") })).toEqual(stored);
      for (const time of [now, first, start, last]) {
        bench.clock.set(time);
        expect(await get()).toBe("older");
      }
    });

    test("a removal takes effect in the order of the calls", async () => {
      const outcomes = await Promise.all([
        put({ updateTime: at(3) }),
        put({ updateTime: at(2) }),
        bench.store.put(removalOf(bench.key)),
        put({ updateTime: at(1), value: bytesOf("after") }),
        put({ updateTime: at(0) }),
      ]);
      expect(outcomes).toEqual([
        stored,
        { outcome: "stale", storedUpdateTime: at(3) },
        stored,
        stored,
        { outcome: "stale", storedUpdateTime: at(1) },
      ]);
      expect(await get()).toBe("after");
      await Promise.all([put({ updateTime: at(9) }), remove()]);
      expect(await found()).toBeUndefined();
    });

    test("a removal rejects with the reason of a signal that is already aborted, and has no effect", async () => {
      const reason = new Error("the caller has gone");
      await put({});
      await expect(removeRecord(bench.store, bench.key, AbortSignal.abort(reason))).rejects.toBe(reason);
      expect(await get()).toBe("value");
    });
  });

  describe("a clock that is moved", () => {
    test("expiry follows a clock that is moved forward by days and back by years", async () => {
      const day = 86_400_000;
      await put({ updateTime: at(5), expiresAtMs: start + day });
      bench.clock.set(start - 5 * 365 * day);
      expect(await get()).toBe("value");
      expect(await put({ updateTime: at(4) })).toMatchObject({ outcome: "stale" });
      bench.clock.set(start + 3 * day);
      expect(await found()).toBeUndefined();
      expect(await put({ updateTime: at(4), value: bytesOf("older") })).toEqual(stored);
      expect(await get()).toBe("older");
    });

    test.each([
      ["1970", first],
      ["9999", last],
    ])(
      "records that are put with the clock in %s are kept, in their order, at any later setting",
      async (_, now) => {
        bench.clock.set(now);
        await put({ updateTime: at(1), expiresAtMs: now + 1 });
        expect(await get()).toBe("value");
        expect(await put({ updateTime: at(2), value: bytesOf("newer") })).toEqual(stored);
        for (const time of [start, first, last]) {
          bench.clock.set(time);
          expect(await put({ updateTime: at(1) })).toEqual({ outcome: "stale", storedUpdateTime: at(2) });
          expect(await get()).toBe("newer");
        }
        expect(await put({ updateTime: at(3), value: bytesOf("newest") })).toEqual(stored);
        expect(await get()).toBe("newest");
      },
    );
  });
}

/** What scans yield of removed records, of a store that is opened for each test. */
export function describeRemovalInScans(bench: Bench, { snapshots }: { snapshots: boolean }): void {
  const put = async () => {
    const keys = ["a", "b", "c"].map((id) => ({ ...bench.key, id }));
    await Promise.all(keys.map((key) => bench.put({ key })));
    return keys as [RecordKey, RecordKey, RecordKey];
  };

  test("a scan yields no removed record, whatever the time", async () => {
    for (const now of [first, start, last]) {
      bench.clock.set(now);
      const [, removed] = await put();
      await removeRecord(bench.store, removed);
      const scanned = (await pagesOf(bench.store)).flatMap(({ records }) => records);
      expect(idsOf(scanned)).toEqual(["a", "c"]);
    }
  });

  if (snapshots) {
    test("a snapshot has the records that are removed after it began", async () => {
      const keys = await put();
      const seen: string[] = [];
      for await (const { records } of bench.store.scan({ snapshot: true })) {
        seen.push(...idsOf(records));
        await Promise.all(keys.map((key) => removeRecord(bench.store, key)));
      }
      expect(seen).toEqual(["a", "b", "c"]);
      expect(await pagesOf(bench.store)).toEqual([]);
    });
  }
}
