import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type PutRecord, StoreOpenError, StoreUnavailable } from "../../../src/store/plan-store.ts";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";
import { startStoreChild } from "../../support/child-process.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "plan-store-"));
});
afterEach(() => rm(directory, { recursive: true }));

const record: PutRecord = {
  key: { kind: "planStatus", asn: 64_500, clientId: "", id: "user" },
  updateTime: { seconds: 1_000, nanos: 0 },
  expiresAtMs: undefined,
  value: Buffer.from("value"),
};

describe("a directory", () => {
  test("may have several stores in one process, which see each other's records", async () => {
    const stores = await Promise.all([1, 2, 3].map(() => openSqliteStore({ directory })));
    for (const [index, store] of stores.entries()) {
      const own = { ...record, key: { ...record.key, id: `user${index}` } };
      expect(await store.put(own)).toEqual({ outcome: "stored" });
      for (const other of stores) {
        expect(await other.get(own.key)).toEqual(new Uint8Array(own.value));
      }
      const older = { ...own, updateTime: { seconds: 999, nanos: 0 } };
      for (const other of stores) {
        expect(await other.put(older)).toMatchObject({ outcome: "stale" });
      }
    }
    // The end of one is no concern of the others: closing a file may drop the locks that a process has on it.
    await stores[0]?.close();
    expect(await stores[1]?.put(record)).toEqual({ outcome: "stored" });
    expect(await stores[2]?.get(record.key)).toBeDefined();
    await Promise.all(stores.map((store) => store.close()));
  });

  test("may be opened for the first time by several processes at once", async () => {
    const children = [1, 2, 3, 4].map(() => startStoreChild("try", directory));
    expect(await Promise.all(children.map((child) => child.ended()))).toEqual(children.map(() => ["open"]));
  });

  test("may be written by several processes: the newest of each key wins, and none is lost", async () => {
    const lanes = [0, 1, 2];
    const children = lanes.map((lane) => startStoreChild("race", directory, [], String(lane)));
    const said = (await Promise.all(children.map((child) => child.ended()))).flat();
    // 300 puts of each to 20 keys that all have, and one to a key of its own after each; none was refused.
    const puts = said.map((line) => JSON.parse(line) as { id: string; nanos: number; outcome: string });
    expect(puts).toHaveLength(lanes.length * 600);
    const newest = new Map<string, number>();
    for (const { id, nanos } of puts) {
      newest.set(id, Math.max(nanos, newest.get(id) ?? -1));
    }
    expect(newest.size).toBe(20 + lanes.length * 300);
    const store = await openSqliteStore({ directory });
    for (const [id, nanos] of newest) {
      const value = await store.get({ ...record.key, id });
      expect(Buffer.from(value ?? []).toString(), id).toBe(String(nanos));
    }
    await store.close();
  });

  test("serves the others when a process is killed that was writing", async () => {
    const store = await openSqliteStore({ directory });
    const child = startStoreChild("load", directory);
    await child.wrote(500);
    const putting = Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        store.put({ ...record, key: { ...record.key, id: `own${index}` } }),
      ),
    );
    const ids = await child.kill();
    expect(new Set((await putting).map(({ outcome }) => outcome))).toEqual(new Set(["stored"]));
    for (const id of ids) {
      expect(await store.get({ ...record.key, id }), id).toBeDefined();
    }
    await store.close();
  });

  test("that another program keeps locked makes calls reject after a time, and is served again after it", async () => {
    const store = await openSqliteStore({ directory });
    const other = new DatabaseSync(join(directory, "plans.sqlite"));
    other.exec("BEGIN IMMEDIATE");
    const rejected = expect(store.put(record)).rejects.toThrow(
      new StoreUnavailable(
        "SQLite failed: another process has kept the database locked for 5000 ms; end what holds it",
      ),
    );
    await rejected;
    other.exec("COMMIT");
    other.close();
    expect(await store.put(record)).toEqual({ outcome: "stored" });
    await store.close();
  });

  test("that is being upgraded or checked cannot be opened meanwhile", async () => {
    await (await openSqliteStore({ directory })).close();
    const lock = new DatabaseSync(join(directory, "lock.sqlite"));
    lock.exec("BEGIN EXCLUSIVE");
    const refused = openSqliteStore({ directory });
    await expect(refused).rejects.toThrow(StoreOpenError);
    await expect(refused).rejects.toThrow(
      new RegExp(
        `^${directory} is being upgraded or checked by another process \\(last opened by pid ${process.pid} on .+\\); try again`,
      ),
    );
    lock.close();
    await (await openSqliteStore({ directory })).close();
  });
});
