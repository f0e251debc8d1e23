import { describe, expect, test } from "vitest";
import { type PutRecord, SnapshotUnsupported } from "../../../src/store/plan-store.ts";
import { at, type Bench, bytesOf, key, pagesOf, start, textOf } from "./support.ts";

/** What a scan of one moment yields. */
export function describeSnapshot(bench: Bench): void {
  const { put, get } = bench;
  const large = new Uint8Array(2_000).fill(7);

  /** Puts records that need several pages, each with the same update time. */
  async function putUsers(count: number): Promise<void> {
    const ids = Array.from({ length: count }, (_, index) => `user${index}`);
    await Promise.all(ids.map((id) => put({ key: { ...key, id }, updateTime: at(1), value: large })));
  }

  /** Scans a snapshot, and does something after its first page. */
  async function scanned(meanwhile: () => Promise<unknown> = async () => {}): Promise<PutRecord[]> {
    const seen: PutRecord[] = [];
    let first = true;
    for await (const { records } of bench.store.scan({ snapshot: true })) {
      seen.push(...records);
      if (first) {
        await meanwhile();
      }
      first = false;
    }
    return seen;
  }

  describe("a snapshot", () => {
    test("of an empty store has no record", async () => {
      expect(await scanned()).toEqual([]);
    });

    test("has no put that came later: neither a new record nor a replaced one", async () => {
      await putUsers(1_500);
      const seen = await scanned(() =>
        Promise.all(
          Array.from({ length: 3_000 }, (_, index) =>
            put({ key: { ...key, id: `user${index}` }, updateTime: at(2), value: bytesOf("later") }),
          ),
        ),
      );
      expect(seen).toHaveLength(1_500);
      expect(new Set(seen.map(({ key }) => key.id)).size).toBe(1_500);
      expect(
        seen.filter(
          ({ updateTime, value }) => updateTime?.seconds !== at(1).seconds || value.length !== 2_000,
        ),
      ).toEqual([]);
      expect(await get({ ...key, id: "user7" })).toBe("later");
    });

    test("has what was acknowledged before, and goes by the time of its moment", async () => {
      await putUsers(1_500);
      await put({ key: { ...key, id: "gone" }, expiresAtMs: start });
      for (const id of ["a", "zz", "user"]) {
        await put({ key: { ...key, id }, expiresAtMs: start + 1, value: bytesOf("expires") });
      }
      const seen = await scanned(async () => bench.clock.set(start + 1));
      expect(seen).toHaveLength(1_503);
      expect(
        seen.filter(({ expiresAtMs }) => expiresAtMs === start + 1).map(({ value }) => textOf(value)),
      ).toEqual(["expires", "expires", "expires"]);
      expect(await scanned()).toHaveLength(1_500);
    });

    test("may go on after any page, also in a scan without one", async () => {
      await putUsers(1_500);
      const pages = await pagesOf(bench.store, { snapshot: true });
      expect(pages.length).toBeGreaterThan(1);
      const after = pages[0]?.cursor;
      const rest = pages.slice(1).flatMap(({ records }) => records.map(({ key }) => key.id));
      for (const snapshot of [true, false]) {
        const again = (await pagesOf(bench.store, { after, snapshot })).flatMap(({ records }) => records);
        expect(again.map(({ key }) => key.id)).toEqual(rest);
      }
    });

    test("may be left early, and others run beside it", async () => {
      await putUsers(1_500);
      for await (const _ of bench.store.scan({ snapshot: true })) {
        break;
      }
      const both = await Promise.all([scanned(), scanned(() => put({ key: { ...key, id: "new" } }))]);
      expect(both.map((seen) => seen.length)).toEqual([1_500, 1_500]);
    });

    test("rejects with the reason of its signal, and for a strange cursor", async () => {
      await putUsers(1_500);
      const [controller, reason] = [new AbortController(), new Error("enough")];
      const { signal } = controller;
      const pages = bench.store.scan({ snapshot: true, signal })[Symbol.asyncIterator]();
      expect((await pages.next()).done).toBe(false);
      controller.abort(reason);
      await expect(pages.next()).rejects.toBe(reason);
      await expect(pagesOf(bench.store, { snapshot: true, after: "\0" })).rejects.toThrow(RangeError);
    });

    test("ends with the store", async () => {
      await putUsers(1_500);
      const pages = bench.store.scan({ snapshot: true })[Symbol.asyncIterator]();
      await pages.next();
      await bench.store.close();
      await expect(pages.next()).rejects.toMatchObject({ name: "StoreUnavailable" });
      await expect(pagesOf(bench.store, { snapshot: true })).rejects.toMatchObject({
        name: "StoreUnavailable",
      });
    });
  });
}

/** What an engine says that has no snapshots. */
export function describeNoSnapshot(bench: Bench): void {
  test("a snapshot is refused, with what to do", async () => {
    await bench.put({});
    const refused = pagesOf(bench.store, { snapshot: true });
    await expect(refused).rejects.toThrow(SnapshotUnsupported);
    await expect(refused).rejects.toThrow(/has no snapshot.*--no-snapshot/);
  });
}
