import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { PlanStore } from "../../../src/store/plan-store.ts";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";

let directory: string;
let store: PlanStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "plan-store-"));
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

const mebibyte = 1024 * 1024;
const logBytes = async () => (await stat(join(directory, "plans.sqlite-wal"))).size;

/** Puts 10 MB, in batches of about 100 pages. */
async function putMuch(): Promise<void> {
  for (let batch = 0; batch < 25; batch++) {
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => {
        const key = { kind: "planStatus", asn: 64_500, clientId: "", id: `user${batch}-${index}` } as const;
        return store.put({ key, updateTime: undefined, expiresAtMs: undefined, value: Buffer.alloc(4_000) });
      }),
    );
  }
}

describe("the log", () => {
  test("the log stays below 2 MiB however much is put", async () => {
    store = await openSqliteStore({ directory });
    await putMuch();
    expect(await logBytes()).toBeLessThan(2 * mebibyte);
  });

  test("the log grows to checkpointPages before it is copied into the database", async () => {
    store = await openSqliteStore({ directory, checkpointPages: 2_000 });
    await putMuch();
    expect(await logBytes()).toBeGreaterThan(7 * mebibyte);
    expect(await logBytes()).toBeLessThan(9 * mebibyte);
  });

  test("the log stays below 2 MiB while a scan waits for its reader", async () => {
    store = await openSqliteStore({ directory });
    await putMuch();
    const pages = store.scan()[Symbol.asyncIterator]();
    await pages.next();
    await putMuch();
    await pages.next();
    await putMuch();
    expect(await logBytes()).toBeLessThan(2 * mebibyte);
    await pages.return?.();
  });
});
