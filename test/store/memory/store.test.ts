import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { beforeEach, describe, expect, test } from "vitest";
import { openMemoryStore } from "../../../src/store/memory/store.ts";
import { openStore } from "../../../src/store/open-store.ts";
import {
  type PlanStore,
  type PutRecord,
  type RecordPage,
  type ScanOptions,
  StoreUnavailable,
} from "../../../src/store/plan-store.ts";
import { removeRecord } from "../../../src/store/remove-record.ts";
import { createTestClock, type TestClock, testTime } from "../../support/test-clock.ts";
import { describePlanStore } from "../conformance/plan-store.ts";

describePlanStore(
  "memory",
  async () => ({
    open: (options) => openStore("memory:", options),
    remove: async () => undefined,
  }),
  { volatile: "a memory store ends with its process" },
);

const run = promisify(execFile);
const day = 86_400_000;
const stored = { outcome: "stored" };

describe("a memory store", () => {
  let clock: TestClock;
  let swept: number[];
  beforeEach(() => {
    clock = createTestClock();
    swept = [];
  });

  const open = (maxBytes?: number) =>
    openMemoryStore({ clock, maxBytes, onSweep: (removed) => swept.push(removed) });

  test("an expired record is back when the clock is set back", async () => {
    const store = open();
    await store.put(recordOf("user", { expiresAtMs: testTime + 1, updateTime: { seconds: 5, nanos: 0 } }));
    clock.set(testTime + 365 * day);
    expect(await textOf(store, "user")).toBeUndefined();
    clock.set(testTime);
    expect(await textOf(store, "user")).toBe("of user");
    expect(await store.put(recordOf("user", { updateTime: { seconds: 4, nanos: 0 } }))).toMatchObject({
      outcome: "stale",
    });
    expect(swept).toEqual([]);
  });

  test("a put that has expired already is readable when the clock is set back", async () => {
    const store = open();
    clock.set(testTime + day);
    await store.put(recordOf("user", { expiresAtMs: testTime + 1 }));
    expect(await textOf(store, "user")).toBeUndefined();
    clock.set(testTime);
    expect(await textOf(store, "user")).toBe("of user");
  });

  test("values are copied: neither the caller of a put nor a reader can change a record", async () => {
    const store = open();
    const value = Buffer.from("before|of user|after");
    await store.put(recordOf("user", { value: value.subarray(7, 14) }));
    value.fill(0);
    for (const { records } of await pagesOf(store)) {
      records[0]?.value.fill(0);
    }
    (await store.get(keyOf("user")))?.fill(0);
    expect(await textOf(store, "user")).toBe("of user");
  });

  test("every put is a batch, and one that is stale or rejected is none that stores", async () => {
    const batches: number[] = [];
    const store = openMemoryStore({ clock, onBatch: (puts) => batches.push(puts) });
    await Promise.all([store.put(recordOf("a")), store.put(recordOf("b"))]);
    await expect(store.put(recordOf("c"), AbortSignal.abort())).rejects.toThrow();
    expect(batches).toEqual([1, 1]);
  });

  test("a record may take 16 MiB", async () => {
    const store = open();
    const largest = 16 * 1024 * 1024 - 3 * "clientuser".length;
    expect(await store.put(recordOf("user", { value: new Uint8Array(largest) }))).toEqual(stored);
    const larger = store.put(recordOf("user", { value: new Uint8Array(largest + 1) }));
    await expect(larger).rejects.toThrow(RangeError);
    await expect(larger).rejects.toThrow(/takes up to 16777217 bytes; the limit is 16777216/);
    expect(await store.get(keyOf("user"))).toHaveLength(largest);
  });

  test("a cursor of another memory store is rejected", async () => {
    const [store, other] = [open(), open()];
    await Promise.all([store, other].map((one) => one.put(recordOf("user"))));
    const [page] = await pagesOf(store);
    await expect(pagesOf(other, { after: page?.cursor })).rejects.toThrow(
      /^"memory:.*" is not a cursor of this memory store/,
    );
    expect(await pagesOf(store, { after: page?.cursor })).toEqual([]);
  });

  test("other work takes its turn between two pages of a scan", async () => {
    const store = open();
    await fill(store, 1_200);
    const turns: number[] = [];
    let pages = 0;
    for await (const _ of store.scan()) {
      pages++;
      setImmediate(() => turns.push(pages));
    }
    expect(turns.slice(0, 2)).toEqual([1, 2]);
  });

  describe("that is full", () => {
    /** Opens a store of 64 KiB, and fills it with records of 1 KiB. */
    async function openFull(record: Partial<PutRecord> = {}): Promise<{ store: PlanStore; count: number }> {
      const store = open(64 * 1024);
      const count = await fill(store, 100, { value: new Uint8Array(1024), ...record });
      expect(count).toBeGreaterThan(40);
      expect(count).toBeLessThan(64);
      return { store, count };
    }

    test("a put that does not fit rejects with StoreUnavailable and changes nothing", async () => {
      const { store, count } = await openFull();
      const put = store.put(recordOf("more", { value: new Uint8Array(1024) }));
      await expect(put).rejects.toThrow(StoreUnavailable);
      await expect(put).rejects.toThrow(
        /^the memory store is full: its records take \d+ bytes, and the limit is 65536; remove records/,
      );
      await expect(store.put(recordOf("0", { value: new Uint8Array(3000) }))).rejects.toThrow(
        StoreUnavailable,
      );
      expect(await store.get(keyOf("more"))).toBeUndefined();
      expect(await store.get(keyOf("0"))).toHaveLength(1024);
      expect(await idsOf(store)).toHaveLength(count);
    });

    test("a record of a full store may be replaced by one of its size, or removed", async () => {
      const { store } = await openFull();
      expect(await store.put(recordOf("0", { value: Buffer.alloc(1024, "x") }))).toEqual(stored);
      await removeRecord(store, keyOf("1"));
      expect(await store.put(recordOf("more", { value: new Uint8Array(1024) }))).toEqual(stored);
      expect([await textOf(store, "0"), await textOf(store, "1")]).toEqual(["x".repeat(1024), undefined]);
    });

    test("a put that needs memory removes all expired records, and a clock that is set back does not return them", async () => {
      const { store, count } = await openFull({ expiresAtMs: testTime + 1 });
      clock.set(testTime + 1);
      expect(await store.put(recordOf("more", { value: new Uint8Array(1024) }))).toEqual(stored);
      expect(swept).toEqual([count]);
      clock.set(testTime);
      expect(await idsOf(store)).toEqual(["more"]);
      expect(await fill(store, count - 1, { value: new Uint8Array(1024) })).toBe(count - 1);
    });

    test("an expired record is replaced by a larger one of its own key", async () => {
      const store = open(4096);
      await store.put(recordOf("user", { value: new Uint8Array(2000), expiresAtMs: testTime + 1 }));
      clock.set(testTime + 1);
      expect(await store.put(recordOf("user", { value: new Uint8Array(3000) }))).toEqual(stored);
      expect(await store.get(keyOf("user"))).toHaveLength(3000);
    });

    test("nothing is looked through that cannot have expired", async () => {
      const { store } = await openFull({ expiresAtMs: testTime + 2 });
      clock.set(testTime + 1);
      await expect(store.put(recordOf("more", { value: new Uint8Array(1024) }))).rejects.toThrow(
        StoreUnavailable,
      );
      expect(swept).toEqual([]);
    });

    test("health rejects after a put that did not fit, until there is room for it", async () => {
      const { store } = await openFull({ expiresAtMs: testTime + 1 });
      await expect(store.health()).rejects.toThrow(StoreUnavailable);
      await expect(store.health()).rejects.toThrow(/memory store is full/);
      await removeRecord(store, keyOf("0"));
      expect(await store.health()).toBeUndefined();
      await store.put(recordOf("more", { value: new Uint8Array(1024) }));
      await expect(store.put(recordOf("again", { value: new Uint8Array(1024) }))).rejects.toThrow();
      clock.set(testTime + 1);
      expect(await store.health()).toBeUndefined();
    });

    test("a store is full before the heap of its process is", async () => {
      const source = import.meta.resolve("../../../src/store/memory/store.ts");
      const text = `const { openMemoryStore } = await import(${JSON.stringify(source)});
        const store = openMemoryStore();
        const put = (n) => store.put({
          key: { kind: "planStatus", asn: 64500, clientId: "", id: "user" + n },
          updateTime: { seconds: n, nanos: 0 }, expiresAtMs: 1e15 + n, value: Buffer.alloc(4000, n),
        });
        let count = 0;
        for (let full = false; !full; ) {
          await put(count).then(() => count++, ({ message }) => {
            full = true;
            console.log(message);
          });
        }
        await Promise.all(Array.from({ length: count }, (_, n) => put(n)));
        for await (const { records } of store.scan({ snapshot: true })) {
          count -= records.length;
        }
        console.log(count + " missing");`;
      const args = ["--max-old-space-size=64", "--input-type=module", "--eval", text];
      const { stdout } = await run(process.execPath, args);
      expect(stdout).toMatch(/^the memory store is full: .*\n0 missing\n$/);
    });

    test("removing records frees all of their memory, their keys included", async () => {
      const store = open(64 * 1024);
      const removeAll = async (ids: readonly string[]) => {
        for (const id of ids) {
          expect(await store.put(recordOf(id))).toEqual(stored);
          await removeRecord(store, keyOf(id));
        }
      };
      await removeAll(Array.from({ length: 3_000 }, (_, index) => `user${index}`));
      expect(await idsOf(store)).toEqual([]);
      expect(await fill(store, 100, { value: new Uint8Array(1024) })).toBeGreaterThan(40);
    });
  });

  describe("while a snapshot is read", () => {
    /** Begins a snapshot, and returns the rest of it. */
    async function begin(store: PlanStore) {
      const pages = store.scan({ snapshot: true })[Symbol.asyncIterator]() as AsyncGenerator<RecordPage>;
      const first = await pages.next();
      const ids = ({ records = [] }: Partial<RecordPage>) => records.map(({ key }) => key.id);
      return {
        leave: () => pages.return(undefined),
        async rest(): Promise<string[]> {
          const found = first.done ? [] : ids(first.value);
          for await (const page of pages) {
            found.push(...ids(page));
          }
          return found;
        },
      };
    }

    test("what is replaced counts until the snapshot is left, and is held once for all snapshots", async () => {
      const store = open(1_200_000);
      const count = await fill(store, 1_200, { value: new Uint8Array(400) });
      expect(count).toBe(1_200);
      const [one, other] = [await begin(store), await begin(store)];
      // Those of the first page have been read already.
      expect(await fill(store, 500, { value: new Uint8Array(401) })).toBe(500);
      const replaced = await fill(store, 1_200, { value: new Uint8Array(402) });
      expect(replaced).toBeGreaterThan(700);
      expect(replaced).toBeLessThan(1_200);
      const { message } = await store
        .put(recordOf("1199", { value: new Uint8Array(403) }))
        .catch((error) => error);
      expect(Number(/take (\d+) bytes/.exec(message)?.[1])).toBeLessThanOrEqual(1_200_000);
      await one.leave();
      await expect(store.put(recordOf("1199", { value: new Uint8Array(403) }))).rejects.toThrow(/full/);
      expect(await other.rest()).toHaveLength(1_200);
      expect(await fill(store, 1_200, { value: new Uint8Array(404) })).toBe(1_200);
    });

    test("records that are added after a snapshot began are not held when they are replaced", async () => {
      const store = open(64 * 1024);
      await store.put(recordOf("user"));
      const snapshot = await begin(store);
      for (const size of [1_000, 1_001]) {
        expect(await fill(store, 35, { value: new Uint8Array(size) })).toBe(35);
      }
      expect(await snapshot.rest()).toEqual(["user"]);
    });

    test("records may be removed from a full store, and the snapshot still has them", async () => {
      const store = open(300_000);
      const count = await fill(store, 2_000, { value: new Uint8Array(10) });
      const snapshot = await begin(store);
      const ids = Array.from({ length: count }, (_, index) => String(index));
      await Promise.all(ids.map((id) => removeRecord(store, keyOf(id))));
      expect(await idsOf(store)).toEqual([]);
      expect((await snapshot.rest()).sort()).toEqual(ids.sort());
      expect(await fill(store, 2_000, { value: new Uint8Array(10) })).toBe(count);
    });

    test("a record that is removed and put again is in the snapshot once, in its former form", async () => {
      const store = open();
      await fill(store, 600, { value: Buffer.from("former") });
      const snapshot = store.scan({ snapshot: true });
      const seen: string[] = [];
      for await (const { records } of snapshot) {
        seen.push(...records.map(({ key, value }) => `${key.id} ${Buffer.from(value)}`));
        await removeRecord(store, keyOf("599"));
        await store.put(recordOf("599", { value: Buffer.from("later") }));
      }
      expect(seen.filter((text) => text.startsWith("599"))).toEqual(["599 former"]);
      expect(seen).toHaveLength(600);
    });

    test("expired records that are removed for their memory are still in a snapshot of before", async () => {
      const store = open(400_000);
      await fill(store, 600, { value: new Uint8Array(100), expiresAtMs: testTime + 1 });
      const snapshot = await begin(store);
      clock.set(testTime + 1);
      await fill(store, 5_000, { value: new Uint8Array(99) });
      expect(swept.length).toBeGreaterThan(0);
      expect(await snapshot.rest()).toHaveLength(600);
    });
  });
});

function keyOf(id: string): PutRecord["key"] {
  return { kind: "planStatus", asn: 64_500, clientId: "client", id };
}

function recordOf(id: string, record: Partial<PutRecord> = {}): PutRecord {
  const value = Buffer.from(`of ${id}`);
  return { key: keyOf(id), updateTime: undefined, expiresAtMs: undefined, value, ...record };
}

/** Puts up to `count` records with the ids 0, 1, … until one does not fit, and returns their number. */
async function fill(store: PlanStore, count: number, record: Partial<PutRecord> = {}): Promise<number> {
  for (let index = 0; index < count; index++) {
    try {
      await store.put(recordOf(String(index), record));
    } catch (error) {
      expect(error).toBeInstanceOf(StoreUnavailable);
      return index;
    }
  }
  return count;
}

async function pagesOf(store: PlanStore, options?: ScanOptions): Promise<RecordPage[]> {
  return Array.fromAsync(store.scan(options));
}

async function idsOf(store: PlanStore): Promise<string[]> {
  return (await pagesOf(store)).flatMap(({ records }) => records.map(({ key }) => key.id));
}

async function textOf(store: PlanStore, id: string): Promise<string | undefined> {
  const value = await store.get(keyOf(id));
  return value && Buffer.from(value).toString();
}
