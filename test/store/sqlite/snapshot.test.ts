import { mkdtemp, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type PlanStore, StoreUnavailable } from "../../../src/store/plan-store.ts";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";
import { canMount, mountSmallDisk } from "../../support/small-disk.ts";

let directory: string;
let stores: PlanStore[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "plan-store-"));
  stores = [];
});
afterEach(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await rm(directory, { recursive: true });
});

async function open(at = directory): Promise<PlanStore> {
  const store = await openSqliteStore({ directory: at });
  stores.push(store);
  return store;
}

/** Puts `count` records of 4,000 bytes. */
async function putMany(store: PlanStore, count: number): Promise<void> {
  for (let first = 0; first < count; first += 100) {
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => {
        const key = { kind: "planStatus", asn: 64_500, clientId: "", id: `user${first + index}` } as const;
        return store.put({ key, updateTime: undefined, expiresAtMs: undefined, value: Buffer.alloc(4_000) });
      }),
    );
  }
}

const firstPage = async (store: PlanStore) => {
  const pages = store.scan({ snapshot: true })[Symbol.asyncIterator]();
  await pages.next();
  return pages;
};

describe("a snapshot of SQLite", () => {
  test("the log stays below 2 MiB while a slow reader has a snapshot open", async () => {
    const store = await open();
    await putMany(store, 600);
    const pages = await firstPage(store);
    await putMany(store, 600);
    await putMany(store, 600);
    expect((await stat(join(directory, "plans.sqlite-wal"))).size).toBeLessThan(2 * 1024 * 1024);
    await pages.return?.();
  });

  test.skipIf(process.platform === "win32")(
    "a snapshot has no file name that a killed program could leave behind",
    async () => {
      const store = await open();
      await putMany(store, 100);
      const before = await readdir(directory);
      const pages = await firstPage(store);
      expect(await readdir(directory)).toEqual(before);
      await pages.return?.();
      expect(await readdir(directory)).toEqual(before);
    },
  );

  test("a snapshot removes files that a killed program has left, and no recent ones", async () => {
    const [old, young] = [join(directory, ".snapshot-old"), join(directory, ".snapshot-young")];
    await Promise.all([writeFile(old, ""), writeFile(young, "")]);
    await utimes(old, new Date(), Date.now() / 1000 - 61);
    const store = await open();
    await (await firstPage(store)).return?.();
    expect((await readdir(directory)).filter((name) => name.startsWith(".snapshot"))).toEqual([
      ".snapshot-young",
    ]);
  });

  test.skipIf(!canMount())(
    "a snapshot rejects when the disk has too little space for it, and puts succeed",
    async () => {
      const disk = mountSmallDisk(32);
      try {
        const store = await openSqliteStore({ directory: disk.directory });
        await putMany(store, 100);
        const rejected = firstPage(store);
        await expect(rejected).rejects.toThrow(StoreUnavailable);
        await expect(rejected).rejects.toThrow(
          /a snapshot needs up to \d+ bytes in .+, and \d+ are free; make room, or scan without a snapshot$/,
        );
        await putMany(store, 100);
        await store.close();
        expect((await readdir(disk.directory)).filter((name) => name.startsWith("."))).toEqual([]);
      } finally {
        disk.remove();
      }
    },
  );

  test("a snapshot rejects with StoreUnavailable when its store is closed while it is copied", async () => {
    const store = await open();
    await putMany(store, 1_000);
    const first = firstPage(store);
    await Promise.all([store.close(), expect(first).rejects.toThrow(StoreUnavailable)]);
  });
});
