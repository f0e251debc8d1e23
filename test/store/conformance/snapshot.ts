import { describe, expect, test } from "vitest";
import { type PlanStore, type PutRecord, SnapshotUnsupported } from "../../../src/store/plan-store.ts";
import { idsOfPages, putExpiringUsers, putUsers } from "./scan.ts";
import { at, type Bench, bytesOf, pagesOf, reopenWith, start, textOf } from "./support.ts";

const nothing = async (): Promise<unknown> => undefined;

/** Returns all records of a snapshot, and does something after its first page. */
async function scanned(store: PlanStore, afterFirstPage = nothing): Promise<PutRecord[]> {
  const seen: PutRecord[] = [];
  let then = afterFirstPage;
  for await (const { records } of store.scan({ snapshot: true })) {
    seen.push(...records);
    await then();
    then = nothing;
  }
  return seen;
}

/** What a scan of one moment yields, of a store that is opened for each test. */
export function describeSnapshot(bench: Bench): void {
  const { put, get } = bench;

  describe("a snapshot", () => {
    test("a snapshot of an empty store has no record", async () => {
      expect(await scanned(bench.store)).toEqual([]);
    });

    test("a snapshot has neither records that are added later nor later versions of its records", async () => {
      const users = await putUsers(bench);
      const later = Array.from({ length: 2 * users.length }, (_, index) => ({
        key: { ...bench.key, id: `user${index}` },
        updateTime: at(2),
        value: bytesOf("later"),
      }));
      const seen = await scanned(bench.store, () => Promise.all(later.map((record) => put(record))));
      expect(new Set(seen.map(({ key }) => key.id)).size).toBe(users.length);
      expect(seen).toHaveLength(users.length);
      expect(new Set(seen.map(({ value }) => textOf(value)))).toEqual(new Set(["value"]));
      expect(seen.filter(({ updateTime }) => updateTime?.seconds === at(2).seconds)).toEqual([]);
      expect(await get({ ...bench.key, id: "user7" })).toBe("later");
    });

    test("a snapshot has all records put before it, except those expired at its moment", async () => {
      const { length } = await putUsers(bench);
      await put({ key: { ...bench.key, id: "gone" }, expiresAtMs: start });
      for (const id of ["a", "zz", "user"]) {
        await put({ key: { ...bench.key, id }, expiresAtMs: start + 1, value: bytesOf("expires") });
      }
      const seen = await scanned(bench.store, async () => bench.clock.set(start + 1));
      expect(seen).toHaveLength(length + 3);
      expect(
        seen.filter(({ expiresAtMs }) => expiresAtMs === start + 1).map(({ value }) => textOf(value)),
      ).toEqual(["expires", "expires", "expires"]);
      expect(await scanned(bench.store)).toHaveLength(length);
    });

    test("a snapshot has no empty page where all records of a page have expired", async () => {
      await putExpiringUsers(bench);
      expect(await idsOfPages(bench.store, { snapshot: true })).toEqual([["last"]]);
    });
  });
}

/** What snapshots of several pages yield, of a store that all these tests use. */
export function describeSnapshotOfUsers(bench: Bench, users: () => readonly PutRecord[]): void {
  describe("a snapshot of several pages", () => {
    test("a scan continues after any page of a snapshot, with a snapshot or without", async () => {
      const pages = await pagesOf(bench.store, { snapshot: true });
      expect(pages.length).toBeGreaterThan(1);
      const after = pages[0]?.cursor;
      const rest = pages.slice(1).flatMap(({ records }) => records.map(({ key }) => key.id));
      for (const snapshot of [true, false]) {
        const again = (await pagesOf(bench.store, { after, snapshot })).flatMap(({ records }) => records);
        expect(again.map(({ key }) => key.id)).toEqual(rest);
      }
    });

    test("a snapshot may be left early, and snapshots run concurrently with puts", async () => {
      for await (const _ of bench.store.scan({ snapshot: true })) {
        break;
      }
      const [user] = users() as [PutRecord];
      const both = await Promise.all([
        scanned(bench.store),
        scanned(bench.store, () => bench.store.put(user)),
      ]);
      expect(both.map((seen) => seen.length)).toEqual([users().length, users().length]);
    });

    test("a snapshot rejects with the reason of its signal, and with RangeError for an invalid cursor", async () => {
      const [controller, reason] = [new AbortController(), new Error("enough")];
      const { signal } = controller;
      const pages = bench.store.scan({ snapshot: true, signal })[Symbol.asyncIterator]();
      expect((await pages.next()).done).toBe(false);
      controller.abort(reason);
      await expect(pages.next()).rejects.toBe(reason);
      await expect(pagesOf(bench.store, { snapshot: true, after: "\0" })).rejects.toThrow(RangeError);
    });

    test("a snapshot rejects with StoreUnavailable once the store is closed", async () => {
      const pages = bench.store.scan({ snapshot: true })[Symbol.asyncIterator]();
      await pages.next();
      await bench.store.close();
      await expect(pages.next()).rejects.toMatchObject({ name: "StoreUnavailable" });
      await expect(pagesOf(bench.store, { snapshot: true })).rejects.toMatchObject({
        name: "StoreUnavailable",
      });
      await reopenWith(bench, users());
    });
  });
}

/** What a store without snapshots does. */
export function describeNoSnapshot(bench: Bench): void {
  test("a snapshot rejects with SnapshotUnsupported and names --no-snapshot", async () => {
    const rejected = pagesOf(bench.store, { snapshot: true });
    await expect(rejected).rejects.toThrow(SnapshotUnsupported);
    await expect(rejected).rejects.toThrow(/has no snapshot.*--no-snapshot/);
  });
}
