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

describe("sharing a directory", () => {
  test("several stores of one directory in one process see each other's records", async () => {
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
    // Closing a file may drop all locks that a process has on it; those of the other stores must stay.
    await stores[0]?.close();
    expect(await stores[1]?.put(record)).toEqual({ outcome: "stored" });
    expect(await stores[2]?.get(record.key)).toBeDefined();
    await Promise.all(stores.map((store) => store.close()));
  });

  test("several processes may open a new directory at the same time", async () => {
    const children = [1, 2, 3, 4].map(() => startStoreChild("try", directory));
    expect(await Promise.all(children.map((child) => child.ended()))).toEqual(children.map(() => ["open"]));
  });

  test("the newest record of each key wins when several processes put into one directory", async () => {
    const workers = [0, 1, 2];
    const children = workers.map((worker) => startStoreChild("race", directory, [], String(worker)));
    const lines = (await Promise.all(children.map((child) => child.ended()))).flat();
    // Each process puts 300 records of 20 shared keys, and after each a record of its own key. No put rejects.
    const puts = lines.map((line) => JSON.parse(line) as { id: string; nanos: number; outcome: string });
    expect(puts).toHaveLength(workers.length * 600);
    const newest = new Map<string, number>();
    for (const { id, nanos } of puts) {
      newest.set(id, Math.max(nanos, newest.get(id) ?? -1));
    }
    expect(newest.size).toBe(20 + workers.length * 300);
    const store = await openSqliteStore({ directory });
    for (const [id, nanos] of newest) {
      const value = await store.get({ ...record.key, id });
      expect(Buffer.from(value ?? []).toString(), id).toBe(String(nanos));
    }
    await store.close();
  });

  test("a store keeps working when another process that writes to its directory is killed", async () => {
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

  test("calls reject after busyTimeout while another program has the database locked, and succeed again later", async () => {
    const store = await openSqliteStore({ directory, busyTimeout: 20 });
    const other = new DatabaseSync(join(directory, "plans.sqlite"));
    other.exec("BEGIN IMMEDIATE");
    const rejected = expect(store.put(record)).rejects.toThrow(
      new StoreUnavailable(
        "SQLite failed: another process has locked the database for 20 ms; end the process that holds the lock",
      ),
    );
    await rejected;
    other.exec("COMMIT");
    other.close();
    expect(await store.put(record)).toEqual({ outcome: "stored" });
    await store.close();
  });

  test("opening rejects after openTimeout while another process upgrades or checks the directory", async () => {
    await (await openSqliteStore({ directory })).close();
    const lock = new DatabaseSync(join(directory, "lock.sqlite"));
    lock.exec("BEGIN EXCLUSIVE");
    const rejected = openSqliteStore({ directory, openTimeout: 20 });
    await expect(rejected).rejects.toThrow(StoreOpenError);
    await expect(rejected).rejects.toThrow(
      new RegExp(
        `^${directory} is being upgraded or checked by another process \\(last opened by pid ${process.pid} on .+\\); try again`,
      ),
    );
    lock.close();
    await (await openSqliteStore({ directory })).close();
  });
});
