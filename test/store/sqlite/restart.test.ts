import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type PlanStore, type PutRecord, StoreUnavailable } from "../../../src/store/plan-store.ts";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";

let directory: string;
let workers: Worker[];
let store: PlanStore;
const onWorker = (message: unknown) => workers.push((message as { worker: Worker }).worker);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "plan-store-"));
  workers = [];
  subscribe("worker_threads", onWorker);
  store = await openSqliteStore({ directory });
});
afterEach(async () => {
  unsubscribe("worker_threads", onWorker);
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

function recordOf(id: string): PutRecord {
  const key = { kind: "planStatus", asn: 64_500, clientId: "", id } as const;
  return { key, updateTime: undefined, expiresAtMs: undefined, value: Buffer.from(`of ${id}`) };
}

/** Checks the health until it resolves, and returns the messages of the errors before. */
async function recovered(): Promise<string[]> {
  const messages: string[] = [];
  for (;;) {
    try {
      await store.health();
      return messages;
    } catch (error) {
      expect(error).toBeInstanceOf(StoreUnavailable);
      messages.push((error as Error).message);
      await setImmediate();
    }
  }
}

describe("a store whose thread dies", () => {
  test("calls reject when the writer thread dies, and succeed again once it has been restarted", async () => {
    const first = recordOf("first");
    await store.put(first);
    const inFlight = [
      ...Array.from({ length: 3000 }, (_, index) => store.put(recordOf(`user${index}`))),
      store.get(first.key),
    ];
    await setImmediate();
    await workers[0]?.terminate();
    const outcomes = await Promise.allSettled(inFlight);
    expect(outcomes.at(-2)).toMatchObject({ reason: expect.any(StoreUnavailable) });
    expect(outcomes.at(-1)).toMatchObject({ reason: expect.any(StoreUnavailable) });
    await expect(store.put(recordOf("later"))).rejects.toThrow("the thread of the SQLite store ended");
    await expect(store.get(first.key)).rejects.toThrow(StoreUnavailable);
    expect((await recovered()).length).toBeGreaterThan(0);
    expect(await store.put(recordOf("later"))).toEqual({ outcome: "stored" });
    expect(await store.get(first.key)).toEqual(new Uint8Array(first.value));
    for (const [index, outcome] of outcomes.slice(0, 3000).entries()) {
      if (outcome.status === "fulfilled") {
        expect(await store.get(recordOf(`user${index}`).key)).toBeDefined();
      }
    }
  });

  test("the writer thread is restarted each time it dies", async () => {
    for (let time = 0; time < 2; time++) {
      await store.put(recordOf(`user${time}`));
      await workers.at(-1)?.terminate();
      await recovered();
    }
    expect(workers).toHaveLength(3);
    for (let time = 0; time < 2; time++) {
      expect(await store.get(recordOf(`user${time}`).key)).toBeDefined();
    }
  });

  test("calls reject while the database file is missing after the writer thread died, and succeed once it is back", async () => {
    await store.put(recordOf("user"));
    const path = join(directory, "plans.sqlite");
    await workers[0]?.terminate();
    await rename(path, `${path}.away`);
    let message = "";
    while (!message.includes("was removed or replaced since this program opened it")) {
      message = await store.health().then(String, (error: Error) => error.message);
      await setImmediate();
    }
    await rename(`${path}.away`, path);
    await recovered();
    expect(await store.get(recordOf("user").key)).toBeDefined();
  });

  test("a store can be closed while its writer thread is dead", async () => {
    await workers[0]?.terminate();
    await store.close();
    await expect(store.health()).rejects.toThrow("the store is closed");
    store = await openSqliteStore({ directory });
    expect(await store.put(recordOf("user"))).toEqual({ outcome: "stored" });
  });

  test("a scan continues from its cursor after the scanner thread has died", async () => {
    await Promise.all(Array.from({ length: 1_200 }, (_, index) => store.put(recordOf(`user${index}`))));
    const pages = store.scan()[Symbol.asyncIterator]();
    const first = await pages.next();
    await workers.at(-1)?.terminate();
    let count = first.value.records.length;
    for await (const page of store.scan({ after: first.value.cursor })) {
      count += page.records.length;
    }
    expect(count).toBe(1_200);
    await pages.return?.();
  });
});
