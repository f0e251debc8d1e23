import { beforeAll, describe, expect, test } from "vitest";
import type {
  PlanStore,
  PutRecord,
  RecordKey,
  RecordPage,
  ScanOptions,
} from "../../../src/store/plan-store.ts";
import {
  at,
  awkwardIds,
  type Bench,
  bytesOf,
  idsOf,
  pagesOf,
  recordOf,
  reopenWith,
  start,
  whySkipped,
} from "./support.ts";

/** What a scan yields, of a store that is opened for each test. */
export function describeScan(bench: Bench): void {
  const { put } = bench;

  describe("a scan", () => {
    test("a scan of an empty store yields no page", async () => {
      expect(await pagesOf(bench.store)).toEqual([]);
    });

    test("a scan yields every record with all its parts", async () => {
      const { key } = bench;
      const records: PutRecord[] = [
        recordOf({ key }),
        recordOf({ key: { ...key, kind: "planGroup" }, updateTime: undefined }),
        recordOf({ key: { ...key, asn: 1 }, value: new Uint8Array(0) }),
        recordOf({ key: { ...key, asn: 4_294_967_295 }, expiresAtMs: start + 1 }),
        recordOf({ key: { ...key, clientId: "" }, updateTime: at(0, 999_999_999) }),
        recordOf({ key: { ...key, id: "first" }, updateTime: { seconds: -62_135_596_800, nanos: 0 } }),
        recordOf({
          key: { ...key, id: "last" },
          updateTime: { seconds: 253_402_300_799, nanos: 999_999_999 },
        }),
        recordOf({
          key: { ...key, id: "bytes" },
          value: Uint8Array.from({ length: 256 }, (_, byte) => byte),
        }),
        ...awkwardIds().map((id) => recordOf({ key: { ...key, clientId: id, id }, value: bytesOf(id) })),
      ];
      await Promise.all(records.map((record) => bench.store.put(record)));
      expect(sorted(await scanned(bench.store))).toEqual(sorted(records));
    });

    test("a scan yields only the newest form of a record", async () => {
      await put({ updateTime: at(1), value: bytesOf("old") });
      await put({ updateTime: at(2), value: bytesOf("new") });
      await put({ updateTime: at(1), value: bytesOf("stale") });
      expect(sorted(await scanned(bench.store))).toEqual(
        sorted([recordOf({ key: bench.key, updateTime: at(2), value: bytesOf("new") })]),
      );
    });

    test("a scan skips records that have expired, to the millisecond", async () => {
      const { key } = bench;
      await put({ key: { ...key, id: "past" }, expiresAtMs: start - 1 });
      await put({ key: { ...key, id: "now" }, expiresAtMs: start + 1 });
      await put({ key: { ...key, id: "next" }, expiresAtMs: start + 2 });
      await put({ key: { ...key, id: "never" } });
      expect(idsOf(await scanned(bench.store))).toEqual(["never", "next", "now"]);
      bench.clock.set(start + 1);
      expect(idsOf(await scanned(bench.store))).toEqual(["never", "next"]);
    });

    test("a scan yields no empty page where all records of a page have expired", async () => {
      await putExpiringUsers(bench);
      expect(await idsOfPages(bench.store)).toEqual([["last"]]);
    });

    test("a scan during puts yields every record that was stored before, and no record twice", async () => {
      const records = await putUsers(bench);
      let round = 0;
      const seen: PutRecord[] = [];
      for await (const page of bench.store.scan()) {
        seen.push(...page.records);
        round++;
        const news = Array.from({ length: 100 }, (_, index) =>
          put({ key: { ...bench.key, id: `new${round}-${index}` } }),
        );
        const updates = records
          .slice(round * 100, round * 100 + 100)
          .map(({ key }, index) => put({ key, updateTime: at(10_000 + index) }));
        await Promise.all([...news, ...updates]);
      }
      const ids = idsOf(seen);
      expect(new Set(ids).size).toBe(ids.length);
      const found = new Set(ids);
      expect(records.filter(({ key }) => !found.has(key.id))).toEqual([]);
    });

    test("a scan yields no record twice that expires and is put again", async () => {
      const seen: string[] = [];
      const all = Array.from({ length: 1_500 }, (_, index) => ({ ...bench.key, id: `user${index}` }));
      await putInTurn(
        bench,
        all.map((key) => ({ key, expiresAtMs: start + 1 })),
      );
      for await (const { records } of bench.store.scan()) {
        if (seen.length === 0) {
          bench.clock.set(start + 1);
          await putInTurn(
            bench,
            all.map((key) => ({ key })),
          );
        }
        seen.push(...idsOf(records));
      }
      expect(new Set(seen).size).toBe(seen.length);
    });
  });
}

/** Cursors that are not valid, of a store that other tests use as well. */
export function describeCursors(bench: Bench): void {
  test.each([
    "",
    "x",
    "sqlite:",
    "memory:",
    "memory:1:1",
    "memory:store:1:1",
    "sqlite:2:1",
    "sqlite:1:99999999999999999",
    "\0",
  ])("a scan rejects with RangeError for the invalid cursor %j", async (after) => {
    await expect(scanned(bench.store, { after })).rejects.toThrow(RangeError);
  });
}

/** What scans of several pages yield, of a store that all these tests use. Also runs `describeMore` with its records. */
export function describeScanOfUsers(
  bench: Bench,
  describeMore?: (bench: Bench, users: () => readonly PutRecord[]) => void,
): void {
  let records: PutRecord[];
  beforeAll(async () => {
    records = await putUsers(bench);
  });

  describe("a scan of several pages", () => {
    async function expectToContinue(pages: readonly RecordPage[]): Promise<void> {
      expect(pages.length).toBeGreaterThan(2);
      for (const [index, { cursor }] of pages.entries()) {
        const before = pages.slice(0, index + 1).flatMap(({ records }) => records);
        expect(idsOf([...before, ...(await scanned(bench.store, { after: cursor }))])).toEqual(
          idsOf(records),
        );
      }
    }

    test("a scan continues after any page in another scan", async () => {
      await expectToContinue(await pagesOf(bench.store));
    });

    test("a scan continues after any record of a page", async () => {
      const pages = await pagesOf(bench.store);
      for (const [number, page] of pages.slice(0, 3).entries()) {
        const earlier = pages.slice(0, number).flatMap((each) => each.records);
        const { length } = page.records;
        for (const index of new Set([0, length >> 1, length - 1])) {
          const before = [...earlier, ...page.records.slice(0, index + 1)];
          const after = await scanned(bench.store, { after: page.cursorAfter(index) });
          expect(idsOf([...before, ...after])).toEqual(idsOf(records));
        }
      }
    });

    test.skipIf(bench.volatile)(
      `a scan continues after any page once the store was restarted${whySkipped(bench.volatile)}`,
      async () => {
        const pages = await pagesOf(bench.store);
        await bench.reopen();
        await expectToContinue(pages);
      },
    );

    test("a scan yields neither an empty page nor all records in one page", async () => {
      const lengths = (await pagesOf(bench.store)).map(({ records }) => records.length);
      expect(Math.min(...lengths)).toBeGreaterThan(0);
      expect(Math.max(...lengths)).toBeLessThan(records.length);
    });

    test("a scan may be left early, and scans run concurrently", async () => {
      for await (const page of bench.store.scan()) {
        expect(page.records.length).toBeGreaterThan(0);
        break;
      }
      const both = await Promise.all([scanned(bench.store), scanned(bench.store)]);
      expect(both.map(idsOf)).toEqual([idsOf(records), idsOf(records)]);
    });

    test("a scan rejects with the reason of its signal at the next page", async () => {
      const controller = new AbortController();
      const reason = new Error("enough");
      const pages = bench.store.scan({ signal: controller.signal })[Symbol.asyncIterator]();
      expect((await pages.next()).done).toBe(false);
      controller.abort(reason);
      await expect(pages.next()).rejects.toBe(reason);
      await expect(scanned(bench.store, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    });

    test("a scan rejects with StoreUnavailable when the store is closed between two pages", async () => {
      const pages = bench.store.scan()[Symbol.asyncIterator]();
      await pages.next();
      await bench.store.close();
      await expect(pages.next()).rejects.toMatchObject({ name: "StoreUnavailable" });
      await reopenWith(bench, records);
    });
  });
  describeMore?.(bench, () => records);
}

/** Puts records of enough users for three pages of any engine, and returns them. */
export async function putUsers(bench: Bench): Promise<PutRecord[]> {
  const { key } = bench;
  const records = Array.from({ length: 2_100 }, (_, index) =>
    recordOf({ key: { ...key, id: `user${index}` }, updateTime: at(index % 2) }),
  );
  await putInTurn(bench, records);
  return records;
}

/** Puts many records, but not all at once: on a slow machine, the last ones would wait longer than a store permits. */
async function putInTurn(bench: Bench, records: readonly Partial<PutRecord>[]): Promise<void> {
  for (let first = 0; first < records.length; first += 300) {
    await Promise.all(records.slice(first, first + 300).map((record) => bench.put(record)));
  }
}

/** Puts records for several pages of any engine and lets all of them expire, except the one with the id `last`. */
export async function putExpiringUsers(bench: Bench): Promise<void> {
  const { key } = bench;
  const ids = Array.from({ length: 2_100 }, (_, index) => `a${index}`);
  await putInTurn(bench, [
    ...ids.map((id) => ({ key: { ...key, id }, expiresAtMs: start + 1 })),
    { key: { ...key, id: "last" } },
  ]);
  bench.clock.set(start + 1);
}

/** Returns the ids of each page of a scan. */
export async function idsOfPages(store: PlanStore, options?: ScanOptions): Promise<string[][]> {
  return (await pagesOf(store, options)).map(({ records }) => idsOf(records));
}

async function scanned(store: PlanStore, options?: ScanOptions): Promise<PutRecord[]> {
  return (await pagesOf(store, options)).flatMap(({ records }) => records);
}

/** Returns records in an order that only depends on their keys, in a form that shows a difference. */
function sorted(records: readonly PutRecord[]): unknown[] {
  const nameOf = ({ kind, asn, clientId, id }: RecordKey) => JSON.stringify([kind, asn, clientId, id]);
  return records
    .map(({ key, updateTime, expiresAtMs, value }) => ({
      name: nameOf(key),
      updateTime,
      expiresAtMs,
      value: Buffer.from(value).toString("hex"),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
