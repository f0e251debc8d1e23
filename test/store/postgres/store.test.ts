import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type PlanStore, type PutRecord, StoreUnavailable } from "../../../src/store/plan-store.ts";
import { openPostgresStore } from "../../../src/store/postgres/store.ts";
import { removeRecord } from "../../../src/store/remove-record.ts";
import { createTestClock, testTime } from "../../support/test-clock.ts";
import { describePlanStore } from "../conformance/plan-store.ts";
import { recordOf, records, usePostgres } from "./places.ts";
import { whyNoPostgres } from "./server.ts";

const reason = whyNoPostgres();
const stored = { outcome: "stored" };

describe.skipIf(reason)(`PostgreSQL${reason ? ` (skipped: ${reason})` : ""}`, () => {
  const places = usePostgres();

  describePlanStore("PostgreSQL", async () => {
    // Always the same one, emptied after each test: to create the tables takes longer than most tests.
    const schema = "conformance";
    return {
      open: (options) => openPostgresStore({ url: places.server.url, schema, ...options }),
      async remove() {
        await places.sql(`DELETE FROM ${schema}.record`);
      },
    };
  });

  describe("batches", () => {
    test("puts of one turn of the event loop share a statement", async () => {
      const batches: number[] = [];
      const store = await places.open({ putConnections: 1, onBatch: (puts) => batches.push(puts) });
      await Promise.all(records(64).map((record) => store.put(record)));
      expect(batches).toEqual([64]);
    });

    test("puts that arrive during a statement share the next one", async () => {
      const batches: number[] = [];
      const store = await places.open({ putConnections: 1, onBatch: (puts) => batches.push(puts) });
      const [first, ...others] = records(101) as [PutRecord, ...PutRecord[]];
      const one = store.put(first);
      await setImmediate();
      await Promise.all([one, ...others.map((record) => store.put(record))]);
      expect(batches).toEqual([1, 100]);
    });

    test("puts of different keys are spread over the connections", async () => {
      const batches: number[] = [];
      const store = await places.open({ putConnections: 4, onBatch: (puts) => batches.push(puts) });
      await Promise.all(records(400).map((record) => store.put(record)));
      expect(batches).toHaveLength(4);
      expect(Math.min(...batches)).toBeGreaterThan(50);
    });

    test("concurrent puts of one key have the outcomes of sequential puts after the stored record", async () => {
      const store = await places.open();
      const put = (seconds: number | undefined, value: string) =>
        store.put(recordOf("user", { updateTime: timeOf(seconds), value: Buffer.from(value) }));
      await put(5, "before");
      const outcomes = await Promise.all([
        put(3, "older than stored"),
        put(7, "newer"),
        put(6, "older than the one before"),
        put(undefined, "untimed"),
        put(undefined, "untimed again"),
        put(1, "after untimed"),
        put(0, "older again"),
        put(2, "last"),
      ]);
      expect(outcomes).toEqual([staleBy(5), stored, staleBy(7), stored, stored, stored, staleBy(1), stored]);
      expect(await textOf(store, "user")).toBe("last");
    });

    test("a put that has already expired is replaced by older puts of its batch", async () => {
      const clock = createTestClock();
      const store = await places.open({ clock });
      const put = (seconds: number, expiresAtMs: number | undefined) =>
        store.put(recordOf("user", { updateTime: timeOf(seconds), expiresAtMs }));
      expect(
        await Promise.all([put(4, undefined), put(5, testTime), put(1, undefined), put(0, undefined)]),
      ).toEqual([stored, stored, stored, staleBy(1)]);
    });

    test("500 puts of one key in one turn of the event loop need two statements", async () => {
      const store = await places.open({ putConnections: 1 });
      await places.sql(`
        CREATE TABLE calls (at serial);
        CREATE FUNCTION count_call() RETURNS trigger LANGUAGE plpgsql
          AS $$ BEGIN INSERT INTO calls DEFAULT VALUES; RETURN NULL; END $$;
        CREATE TRIGGER count BEFORE INSERT ON record FOR EACH STATEMENT EXECUTE FUNCTION count_call()`);
      await Promise.all(
        Array.from({ length: 500 }, (_, n) => store.put(recordOf("user", { updateTime: timeOf(n) }))),
      );
      expect(await places.sql("SELECT count(*) FROM calls")).toEqual([{ count: "2" }]);
    });

    test("a record that PostgreSQL rejects fails alone", async () => {
      const store = await places.open({ putConnections: 1 });
      await places.sql(poisonTrigger);
      const batch = records(7).map((record, index) =>
        index === 1 || index === 5 ? { ...record, value: Buffer.from("poison") } : record,
      );
      const outcomes = await Promise.allSettled(batch.map((record) => store.put(record)));
      expect(outcomes.map(({ status }) => status === "fulfilled")).toEqual(
        batch.map((_, index) => index !== 1 && index !== 5),
      );
      expect(outcomes[1]).toMatchObject({
        reason: new StoreUnavailable("the record was not stored: poisoned"),
      });
      expect(await rows()).toBe(5);
    });

    test("a rejected record does not affect the order of other puts of its key", async () => {
      const store = await places.open();
      await places.sql(poisonTrigger);
      const put = (seconds: number, value: string) =>
        store.put(recordOf("user", { updateTime: timeOf(seconds), value: Buffer.from(value) }));
      const outcomes = await Promise.allSettled([put(1, "a"), put(9, "poison"), put(5, "b"), put(4, "c")]);
      expect(outcomes).toMatchObject([
        { value: stored },
        { reason: expect.any(StoreUnavailable) },
        { value: stored },
        { value: staleBy(5) },
      ]);
      expect(await textOf(store, "user")).toBe("b");
    });

    test("a put with a number that no column can hold rejects with RangeError and does not affect others", async () => {
      const store = await places.open();
      const outcomes = await Promise.allSettled([
        store.put(recordOf("a", { expiresAtMs: Number.NaN })),
        store.put(recordOf("b")),
      ]);
      expect(outcomes).toMatchObject([{ reason: expect.any(RangeError) }, { value: stored }]);
    });

    test("several records of 16 MiB are stored and read concurrently", async () => {
      const store = await places.open();
      const large = records(3).map((record, n) => ({
        ...record,
        value: Buffer.alloc(16 * 1024 * 1024 - 100, n + 1),
      }));
      await Promise.all(large.map((record) => store.put(record)));
      const found = await Promise.all(large.map(({ key }) => store.get(key)));
      expect(found.map((value, n) => large[n]?.value.equals(value ?? Buffer.of()))).toEqual([
        true,
        true,
        true,
      ]);
    });

    test("ids that are too long for an index are stored, read and scanned", async () => {
      const store = await places.open();
      // Not to be compressed: 20,000 different characters of three bytes each.
      const long = String.fromCharCode(...Array.from({ length: 20_000 }, (_, n) => 0x3400 + n));
      const ids = [long, `${long}a`, long.slice(0, 341), long.slice(0, 342)];
      await Promise.all(ids.map((id) => store.put(recordOf(id))));
      await store.put(recordOf("x", { key: { ...recordOf("x").key, clientId: long } }));
      for (const id of ids) {
        expect(await textOf(store, id)).toBe(`of ${id}`);
      }
      const scanned: string[] = [];
      for await (const page of store.scan()) {
        scanned.push(...page.records.map(({ key }) => key.clientId + key.id));
      }
      expect(scanned.sort()).toEqual([...ids, `${long}x`].sort());
    });
  });

  describe("several stores of one database", () => {
    test("several stores that open a new schema concurrently all succeed", async () => {
      const stores = await Promise.all(Array.from({ length: 4 }, () => places.open()));
      await stores[0]?.put(recordOf("user"));
      for (const store of stores) {
        expect(await textOf(store, "user")).toBe("of user");
      }
    });

    test("several stores return the newest record of each key", async () => {
      const stores = await Promise.all([places.open(), places.open(), places.open()]);
      const ids = ["a", "b", "c", "d"];
      await Promise.all(
        Array.from({ length: 400 }, (_, n) => (n * 7919) % 400).map((n, index) =>
          Promise.all(
            ids.map((id) =>
              stores[index % 3]?.put(
                recordOf(id, { updateTime: timeOf(n), value: Buffer.from(`${id}${n}`) }),
              ),
            ),
          ),
        ),
      );
      for (const id of ids) {
        for (const store of stores) {
          expect(await textOf(store, id)).toBe(`${id}399`);
        }
      }
    });

    test("a put through one store is stale if another store has stored a newer record", async () => {
      const [one, other] = [await places.open(), await places.open()];
      await one.put(recordOf("user", { updateTime: timeOf(2) }));
      expect(await other.put(recordOf("user", { updateTime: timeOf(1) }))).toEqual(staleBy(2));
    });

    test("large batches of the same keys in different orders cause no deadlock", async () => {
      const stores = await Promise.all([
        places.open({ putConnections: 1 }),
        places.open({ putConnections: 1 }),
      ]);
      const all = records(800);
      const outcomes = await Promise.all(
        Array.from({ length: 5 }, () => [
          ...all.map((record) => stores[0]?.put(record)),
          ...all.toReversed().map((record) => stores[1]?.put(record)),
        ]).flat(),
      );
      expect(new Set(outcomes.map((outcome) => outcome?.outcome))).toEqual(new Set(["stored"]));
    });
  });

  describe("scan", () => {
    test("a page of a scan ends with the record that reaches 4 MiB, and expired records do not count", async () => {
      const clock = createTestClock();
      const store = await places.open({ clock, sweepInterval: 100_000 });
      const mebibytes: [id: string, size: number, expiresAtMs?: number][] = [
        ["a", 1],
        ["b", 2, testTime],
        ["c", 2],
        ["d", 2],
        ["e", 1, testTime],
        ["f", 5],
        ["g", 5, testTime],
        ["h", 5],
        ["i", 1],
      ];
      for (const [id, size, expiresAtMs] of mebibytes) {
        await store.put(recordOf(id, { value: Buffer.alloc(size * 1024 * 1024), expiresAtMs }));
      }
      const pages: string[] = [];
      for await (const page of store.scan()) {
        pages.push(page.records.map(({ key }) => key.id).join(""));
      }
      expect(pages).toEqual(["acd", "f", "h", "i"]);
    });
  });

  describe("sweep", () => {
    test("a sweep removes only expired records, 500 in each statement", async () => {
      const clock = createTestClock();
      const sweeps: number[] = [];
      const swept = Promise.withResolvers<void>();
      const total = () => sweeps.reduce((sum, removed) => sum + removed, 0);
      const store = await places.open({
        clock,
        sweepInterval: 1,
        onSweep(removed) {
          sweeps.push(removed);
          if (total() === 1200) {
            swept.resolve();
          }
        },
      });
      await Promise.all(
        records(1220).map((record, n) =>
          store.put({
            ...record,
            expiresAtMs: n < 1200 ? testTime + 1 : n < 1210 ? testTime + 2 : undefined,
          }),
        ),
      );
      expect([total(), await rows()]).toEqual([0, 1220]);
      clock.set(testTime + 1);
      await swept.promise;
      expect(Math.max(...sweeps)).toBe(500);
      expect(await rows()).toBe(20);
    });

    test("with keepExpired a sweep removes only removed records, and expired ones are back with the clock", async () => {
      const clock = createTestClock();
      const swept = Promise.withResolvers<void>();
      let removed = 0;
      const onSweep = (slice: number) => {
        removed += slice;
        if (removed >= 5) {
          swept.resolve();
        }
      };
      const store = await places.open({ clock, keepExpired: true, sweepInterval: 1, onSweep });
      const all = records(20).map((record) => ({ ...record, expiresAtMs: testTime + 1 }));
      await Promise.all(all.map((record) => store.put(record)));
      clock.set(Date.UTC(9999, 11, 31));
      await Promise.all(all.slice(0, 5).map(({ key }) => removeRecord(store, key)));
      await swept.promise;
      expect(await rows()).toBe(15);
      clock.set(testTime);
      const found = await Promise.all(all.map(({ key }) => store.get(key)));
      expect(found.map((value) => value !== undefined)).toEqual(all.map((_, n) => n >= 5));
    });

    test("concurrent sweeps of several stores remove each record once", async () => {
      const clock = createTestClock();
      const one = await places.open({ clock, sweepInterval: 100_000 });
      await Promise.all(records(3000).map((record) => one.put({ ...record, expiresAtMs: testTime + 1 })));
      clock.set(testTime + 1);
      let removed = 0;
      const swept = Promise.withResolvers<void>();
      const onSweep = (slice: number) => {
        removed += slice;
        if (removed >= 3000) {
          swept.resolve();
        }
      };
      await Promise.all([1, 2, 3].map(() => places.open({ clock, sweepInterval: 1, onSweep })));
      await swept.promise;
      expect([removed, await rows()]).toEqual([3000, 0]);
    });

    test("a sweep does not remove an expired record that is being replaced", async () => {
      const clock = createTestClock();
      await (await places.open({ clock })).put(recordOf("user", { expiresAtMs: testTime }));
      const writer = await places.connect();
      await writer.query("BEGIN; UPDATE record SET expires_at_ms = NULL");
      const sweeps: number[] = [];
      let swept = Promise.withResolvers<void>();
      const store = await places.open({
        clock,
        sweepInterval: 1,
        onSweep(removed) {
          sweeps.push(removed);
          swept.resolve();
        },
      });
      await swept.promise;
      await writer.query("COMMIT");
      swept = Promise.withResolvers();
      await swept.promise;
      expect(new Set(sweeps)).toEqual(new Set([0]));
      expect(await textOf(store, "user")).toBe("of user");
    });
  });

  async function rows(): Promise<number> {
    return Number((await places.sql("SELECT count(*) FROM record"))[0]?.count);
  }
});

const poisonTrigger = `
  CREATE FUNCTION reject_put() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'poisoned'; END $$;
  CREATE TRIGGER poison BEFORE INSERT ON record FOR EACH ROW WHEN (new.value = 'poison') EXECUTE FUNCTION reject_put()`;

function timeOf(seconds: number | undefined) {
  return seconds === undefined ? undefined : { seconds, nanos: 0 };
}

function staleBy(seconds: number) {
  return { outcome: "stale", storedUpdateTime: timeOf(seconds) };
}

async function textOf(store: PlanStore, id: string): Promise<string | undefined> {
  return (await store.get(recordOf(id).key))?.toString();
}
