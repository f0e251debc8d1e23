import { describe, expect, test } from "vitest";
import type { PutRecord, RecordKey, ScanOptions } from "../../../src/store/plan-store.ts";
import { at, awkwardIds, type Bench, bytesOf, key, pagesOf, recordOf, start } from "./support.ts";

/** What a scan yields, and what it does not mind. */
export function describeScan(bench: Bench): void {
  const { put } = bench;

  async function scanned(options?: ScanOptions): Promise<PutRecord[]> {
    return (await pagesOf(bench.store, options)).flatMap(({ records }) => records);
  }

  /** Puts records of so many users, large enough to need several pages. */
  async function putUsers(count: number): Promise<PutRecord[]> {
    const value = new Uint8Array(2_000).fill(7);
    const records = Array.from({ length: count }, (_, index) =>
      recordOf({ key: { ...key, id: `user${index}` }, updateTime: at(index), value }),
    );
    await Promise.all(records.map((record) => bench.store.put(record)));
    return records;
  }

  describe("a scan", () => {
    test("of an empty store yields no record", async () => {
      expect(await scanned()).toEqual([]);
    });

    test("yields every record with all its parts", async () => {
      const records: PutRecord[] = [
        recordOf({}),
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
      expect(sorted(await scanned())).toEqual(sorted(records));
    });

    test("yields a record in its newest form alone", async () => {
      await put({ updateTime: at(1), value: bytesOf("old") });
      await put({ updateTime: at(2), value: bytesOf("new") });
      await put({ updateTime: at(1), value: bytesOf("stale") });
      expect(sorted(await scanned())).toEqual(
        sorted([recordOf({ updateTime: at(2), value: bytesOf("new") })]),
      );
    });

    test("leaves out what has expired, to the millisecond", async () => {
      await put({ key: { ...key, id: "past" }, expiresAtMs: start - 1 });
      await put({ key: { ...key, id: "now" }, expiresAtMs: start + 1 });
      await put({ key: { ...key, id: "next" }, expiresAtMs: start + 2 });
      await put({ key: { ...key, id: "never" } });
      expect(idsOf(await scanned())).toEqual(["never", "next", "now"]);
      bench.clock.set(start + 1);
      expect(idsOf(await scanned())).toEqual(["never", "next"]);
    });

    test("may go on after any page, in another scan and after a restart", async () => {
      const records = await putUsers(3_000);
      const pages = await pagesOf(bench.store);
      expect(pages.length).toBeGreaterThan(2);
      await bench.reopen();
      for (const [index, { cursor }] of pages.entries()) {
        const before = pages.slice(0, index + 1).flatMap(({ records }) => records);
        expect(idsOf([...before, ...(await scanned({ after: cursor }))])).toEqual(idsOf(records));
      }
    });

    test("yields no empty page, and never all records in one", async () => {
      await putUsers(3_000);
      const lengths = (await pagesOf(bench.store)).map(({ records }) => records.length);
      expect(Math.min(...lengths)).toBeGreaterThan(0);
      expect(Math.max(...lengths)).toBeLessThan(3_000);
    });

    test("goes on while records are put, and misses none of those that were there", async () => {
      const records = await putUsers(3_000);
      let round = 0;
      const seen: PutRecord[] = [];
      for await (const page of bench.store.scan()) {
        seen.push(...page.records);
        round++;
        const news = Array.from({ length: 100 }, (_, index) =>
          put({ key: { ...key, id: `new${round}-${index}` } }),
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

    test("meets no record twice that expires and comes again", async () => {
      const seen: string[] = [];
      const all = Array.from({ length: 1_500 }, (_, index) => ({ ...key, id: `user${index}` }));
      await Promise.all(all.map((key) => put({ key, expiresAtMs: start + 1, value: new Uint8Array(2_000) })));
      for await (const { records } of bench.store.scan()) {
        seen.push(...idsOf(records));
        bench.clock.set(start + 1);
        await Promise.all(
          all.map((key) => put({ key, expiresAtMs: undefined, value: new Uint8Array(2_000) })),
        );
      }
      expect(new Set(seen).size).toBe(seen.length);
    });

    test("may be left early, and others run beside it", async () => {
      const records = await putUsers(2_000);
      for await (const page of bench.store.scan()) {
        expect(page.records.length).toBeGreaterThan(0);
        break;
      }
      const both = await Promise.all([scanned(), scanned()]);
      expect(both.map(idsOf)).toEqual([idsOf(records), idsOf(records)]);
    });

    test("rejects with the reason of its signal at the next page", async () => {
      await putUsers(2_000);
      const controller = new AbortController();
      const reason = new Error("enough");
      const pages = bench.store.scan({ signal: controller.signal })[Symbol.asyncIterator]();
      expect((await pages.next()).done).toBe(false);
      controller.abort(reason);
      await expect(pages.next()).rejects.toBe(reason);
      await expect(scanned({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    });

    test.each(["", "x", "sqlite:", "sqlite:2:1", "sqlite:1:99999999999999999", "\0"])(
      "refuses the strange cursor %j",
      async (after) => {
        await put({});
        await expect(scanned({ after })).rejects.toThrow(RangeError);
      },
    );

    test("ends with the store", async () => {
      await putUsers(2_000);
      const pages = bench.store.scan()[Symbol.asyncIterator]();
      await pages.next();
      await bench.store.close();
      await expect(pages.next()).rejects.toMatchObject({ name: "StoreUnavailable" });
    });
  });
}

const idsOf = (records: readonly PutRecord[]) => records.map(({ key }) => key.id).sort();

/** Returns records in an order that depends on their keys alone, in a form that shows a difference. */
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
