import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type PlanStore, type PutRecord, StoreUnavailable } from "../../../src/store/plan-store.ts";
import { removeRecord } from "../../../src/store/remove-record.ts";
import { openSqliteStore, type SqliteStoreOptions } from "../../../src/store/sqlite/store.ts";
import { canMount, mountSmallDisk } from "../../support/small-disk.ts";
import { createTestClock, testTime } from "../../support/test-clock.ts";
import { describePlanStore } from "../conformance/plan-store.ts";

const makeDirectory = () => mkdtemp(join(tmpdir(), "plan-store-"));

describePlanStore("SQLite", async () => {
  const directory = await makeDirectory();
  return {
    open: (options) => openSqliteStore({ directory, ...options }),
    remove: () => rm(directory, { recursive: true }),
  };
});

describe("SQLite", () => {
  let directory: string;
  let stores: PlanStore[];

  beforeEach(async () => {
    directory = await makeDirectory();
    stores = [];
  });
  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await rm(directory, { recursive: true });
  });

  async function open(options: Partial<SqliteStoreOptions> = {}): Promise<PlanStore> {
    const store = await openSqliteStore({ directory, ...options });
    stores.push(store);
    return store;
  }

  function rowsOnDisk(): number {
    const database = new DatabaseSync(join(directory, "plans.sqlite"), { readOnly: true });
    try {
      return (database.prepare("SELECT count(*) AS count FROM record").get() as { count: number }).count;
    } finally {
      database.close();
    }
  }

  describe("group commit", () => {
    test("puts of one turn of the event loop share a commit", async () => {
      const commits: number[] = [];
      const store = await open({ onBatch: (puts) => commits.push(puts) });
      await Promise.all(records(64).map((record) => store.put(record)));
      expect(commits).toEqual([64]);
    });

    test("puts that arrive during a commit share the next one", async () => {
      const commits: number[] = [];
      const store = await open({ onBatch: (puts) => commits.push(puts) });
      const [first, ...others] = records(101) as [PutRecord, ...PutRecord[]];
      const one = store.put(first);
      await setImmediate(); // By now the first put is sent, and its reply has not been read.
      await Promise.all([one, ...others.map((record) => store.put(record))]);
      expect(commits).toEqual([1, 100]);
    });

    test("a commit has at most 1024 puts", async () => {
      const commits: number[] = [];
      const store = await open({ onBatch: (puts) => commits.push(puts) });
      await Promise.all(records(2500).map((record) => store.put(record)));
      expect(commits).toEqual([1024, 1024, 452]);
      expect(rowsOnDisk()).toBe(2500);
    });

    test("a commit has at most 4 MiB of records, or one record of up to 16 MiB", async () => {
      const commits: number[] = [];
      const store = await open({ onBatch: (puts) => commits.push(puts) });
      const sizes = [2_000_000, 2_000_000, 2_000_000, 15_000_000, 1];
      const large = records(sizes.length).map((record, index) => ({
        ...record,
        value: new Uint8Array(sizes[index] ?? 0).fill(index + 1),
      }));
      await Promise.all(large.map((record) => store.put(record)));
      expect(commits).toEqual([2, 1, 1, 1]);
      for (const { key, value } of large) {
        expect(Buffer.compare((await store.get(key)) ?? Buffer.of(), value)).toBe(0);
      }
    });

    test("a put of more than 16 MiB rejects with RangeError and does not affect others", async () => {
      const store = await open();
      const [huge, small] = records(2) as [PutRecord, PutRecord];
      const rejected = store.put({ ...huge, value: new Uint8Array(16 * 1024 * 1024 + 1) });
      const accepted = store.put(small);
      await expect(rejected).rejects.toThrow(
        new RangeError(
          `the record takes up to ${16 * 1024 * 1024 + 1 + 15} bytes; the limit is ${16 * 1024 * 1024}`,
        ),
      );
      expect(await accepted).toEqual({ outcome: "stored" });
    });

    test("a put that fails does not affect the others of its batch", async () => {
      await (await open()).close();
      const database = new DatabaseSync(join(directory, "plans.sqlite"));
      database.exec(`
        CREATE TRIGGER poison BEFORE INSERT ON record WHEN new.value = CAST('poison' AS BLOB)
        BEGIN SELECT RAISE(ABORT, 'poisoned'); END`);
      database.close();
      const store = await open();
      const batch = records(5).map((record, index) =>
        index === 1 || index === 3 ? { ...record, value: Buffer.from("poison") } : record,
      );
      const outcomes = await Promise.allSettled(batch.map((record) => store.put(record)));
      expect(outcomes.map(({ status }) => status)).toEqual([
        "fulfilled",
        "rejected",
        "fulfilled",
        "rejected",
        "fulfilled",
      ]);
      expect(outcomes[1]).toMatchObject({
        reason: new StoreUnavailable("the record was not stored: poisoned"),
      });
      expect(rowsOnDisk()).toBe(3);
    });

    test("a put that ends the transaction fails its whole batch, and no later put", async () => {
      await (await open()).close();
      const database = new DatabaseSync(join(directory, "plans.sqlite"));
      database.exec(`
        CREATE TRIGGER poison BEFORE INSERT ON record WHEN new.value = CAST('poison' AS BLOB)
        BEGIN SELECT RAISE(ROLLBACK, 'rolled back'); END`);
      database.close();
      const store = await open();
      const [first, poison, last] = records(3) as [PutRecord, PutRecord, PutRecord];
      const batch = [first, { ...poison, value: Buffer.from("poison") }, last];
      expect(await Promise.allSettled(batch.map((record) => store.put(record)))).toMatchObject(
        batch.map(() => ({ reason: new StoreUnavailable("SQLite failed: rolled back") })),
      );
      expect(rowsOnDisk()).toBe(0);
      expect(await store.put(first)).toEqual({ outcome: "stored" });
    });

    test("puts above maxWaiting reject, and later ones are accepted", async () => {
      const store = await open({ maxWaiting: 10 });
      const outcomes = await Promise.allSettled(records(12).map((record) => store.put(record)));
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(10);
      expect(outcomes[10]).toMatchObject({ reason: expect.any(StoreUnavailable) });
      expect(await Promise.all(records(10).map((record) => store.put(record)))).toHaveLength(10);
    });
  });

  describe("gets of one turn of the event loop", () => {
    test("each get resolves with its value or undefined, whatever the sizes of the others", async () => {
      const store = await open();
      const sizes = [0, 1, 700_000, undefined, 700_000, 2_000_000, 3, undefined, 5];
      const all = records(sizes.length);
      const values = sizes.map((size, n) => size !== undefined && new Uint8Array(size).fill(n + 1));
      await Promise.all(all.map((record, n) => values[n] && store.put({ ...record, value: values[n] })));
      const found = await Promise.all(all.map(({ key }) => store.get(key)));
      expect(found.map((value) => value?.length)).toEqual(sizes);
      for (const [n, value] of found.entries()) {
        expect(Buffer.compare(value ?? Buffer.of(), values[n] || Buffer.of())).toBe(0);
      }
    });

    test("keys of any length are told apart", async () => {
      const store = await open();
      const ids = ["x", "é€𐀀", "y".repeat(100_000), "z".repeat(100_000), "ü".repeat(5_000_000)];
      const all = records(ids.length).map((record, n) => {
        return { ...record, key: { ...record.key, id: ids[n] as string } };
      });
      await Promise.all(all.map((record) => store.put(record)));
      const found = await Promise.all(all.map(({ key }) => store.get(key)));
      expect(found.map((value) => value && Buffer.from(value).toString())).toEqual(
        all.map((_, n) => `value ${n}`),
      );
    });

    test("a key that is too long for a record is not found, and does not affect other gets", async () => {
      const store = await open();
      const [stored] = records(1) as [PutRecord];
      await store.put(stored);
      const long = { ...stored.key, id: `${stored.key.id}${"x".repeat(16 * 1024 * 1024)}` };
      const found = await Promise.all([stored.key, long, stored.key].map((key) => store.get(key)));
      expect(found.map((value) => value && Buffer.from(value).toString())).toEqual([
        "value 0",
        undefined,
        "value 0",
      ]);
    });
  });

  describe("sweep", () => {
    test("a sweep removes only expired records from disk, 50 in each transaction", async () => {
      const clock = createTestClock();
      const swept = collector();
      const store = await open({ clock, sweepInterval: 1, onSweep: swept.add });
      await Promise.all(
        records(620).map((record, index) =>
          store.put({
            ...record,
            expiresAtMs: index < 600 ? testTime + 1 : index < 610 ? testTime + 2 : undefined,
          }),
        ),
      );
      expect([swept.total(), rowsOnDisk()]).toEqual([0, 620]);
      clock.set(testTime + 1);
      await swept.reaches(600);
      expect(Math.max(...swept.all)).toBe(50);
      expect(rowsOnDisk()).toBe(20);
      expect(await store.get((records(620)[619] as PutRecord).key)).toBeDefined();
    });
  });

  test("with keepExpired a sweep removes only removed records, and expired ones are back with the clock", async () => {
    const clock = createTestClock();
    const swept = collector();
    const store = await open({ clock, keepExpired: true, sweepInterval: 1, onSweep: swept.add });
    const all = records(21).map((record, n) => ({
      ...record,
      expiresAtMs: n < 20 ? testTime + 1 : undefined,
    }));
    await Promise.all(all.map((record) => store.put(record)));
    clock.set(Date.UTC(9999, 11, 31));
    await Promise.all(all.slice(0, 5).map(({ key }) => removeRecord(store, key)));
    await swept.reaches(5);
    expect(rowsOnDisk()).toBe(16);
    clock.set(testTime);
    const found = await Promise.all(all.map(({ key }) => store.get(key)));
    expect(found.map((value) => value !== undefined)).toEqual(all.map((_, n) => n >= 5));
  });

  describe("a full disk", () => {
    test("puts reject at the limit of maxPages until a sweep has freed pages", async () => {
      const clock = createTestClock();
      const swept = collector();
      const store = await open({ clock, maxPages: 50, sweepInterval: 1, onSweep: swept.add });
      const filling = records(100).map((record) => ({
        ...record,
        expiresAtMs: testTime + 1,
        value: new Uint8Array(10_000),
      }));
      let accepted = 0;
      let failure: unknown;
      for (const record of filling) {
        try {
          await store.put(record);
          accepted++;
        } catch (error) {
          failure = error;
          break;
        }
      }
      expect(failure).toBeInstanceOf(StoreUnavailable);
      expect(failure).toMatchObject({ message: expect.stringContaining("full") });
      expect(accepted).toBeGreaterThan(5);
      const both = await Promise.allSettled(filling.slice(50, 52).map((record) => store.put(record)));
      expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
      expect(await store.get((filling[accepted - 1] as PutRecord).key)).toHaveLength(10_000);

      clock.set(testTime + 1);
      // The last row is only removed once another one follows it.
      await swept.reaches(accepted - 1);
      expect(await store.put({ ...(filling[0] as PutRecord), expiresAtMs: undefined })).toEqual({
        outcome: "stored",
      });
      await swept.reaches(accepted);
      expect(rowsOnDisk()).toBe(1);
    });

    test.skipIf(!canMount())(
      "puts and health checks reject while the disk is full, and gets are still answered",
      async () => {
        const disk = mountSmallDisk(8);
        const store = await openSqliteStore({ directory: disk.directory });
        try {
          const value = Buffer.alloc(100_000, 7);
          const [before, during, after] = records(3) as [PutRecord, PutRecord, PutRecord];
          await store.put({ ...before, value });
          disk.fill();
          const both = await Promise.allSettled([
            store.put({ ...during, value }),
            store.put({ ...after, value }),
          ]);
          expect(both).toMatchObject([
            { reason: expect.any(StoreUnavailable) },
            { reason: expect.any(StoreUnavailable) },
          ]);
          await expect(store.health()).rejects.toThrow(
            /^SQLite failed: the disk of .* is full: \d+ bytes are free/,
          );
          expect(await store.get(before.key)).toEqual(new Uint8Array(value));
          expect(await store.get(during.key)).toBeUndefined();
          disk.clear();
          await store.health();
          expect(await store.put({ ...after, value })).toEqual({ outcome: "stored" });
          expect(await store.get(after.key)).toEqual(new Uint8Array(value));
        } finally {
          await store.close();
          disk.remove();
        }
      },
    );
  });
});

/** Returns records of `count` users. */
function records(count: number): PutRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    key: { kind: "planStatus", asn: 64_500, clientId: "", id: `user${index}` },
    updateTime: undefined,
    expiresAtMs: undefined,
    value: Buffer.from(`value ${index}`),
  }));
}

/** Collects numbers; `reaches` resolves once their sum has reached a number. */
function collector() {
  const all: number[] = [];
  const total = () => all.reduce((sum, number) => sum + number, 0);
  let wake: () => void = () => undefined;
  return {
    all,
    total,
    add(number: number) {
      all.push(number);
      wake();
    },
    async reaches(sum: number) {
      while (total() < sum) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
