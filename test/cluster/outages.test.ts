import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Instant } from "../../src/contract/instant.ts";
import { initCqlKeyspace } from "../../src/store/cql/schema.ts";
import { openCqlStore } from "../../src/store/cql/store.ts";
import { type PlanStore, type RecordKey, StoreUnavailable } from "../../src/store/plan-store.ts";
import { cluster, missing } from "./provided.ts";

const keyOf = (id: string): RecordKey => ({ kind: "planStatus", asn: 64_500, clientId: "client", id });
const instantOf = (micros: number): Instant => ({
  seconds: Math.floor(micros / 1e6),
  nanos: (micros % 1e6) * 1000,
});

describe.skipIf(missing)(`a cluster that loses nodes${missing && ` (skipped: ${missing})`}`, () => {
  let stores: PlanStore[];
  beforeAll(() => initCqlKeyspace({ url: cluster.url("faults") }));
  beforeEach(async () => {
    const url = cluster.url("faults");
    stores = await Promise.all([openCqlStore({ url }), openCqlStore({ url })]);
  });
  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await cluster.ready();
  });

  test("no acknowledged put is lost and no call fails when one node is killed under load", async () => {
    const load = startLoad(stores);
    await load.worked(300);
    await cluster.kill(2);
    await load.worked(1_000);
    cluster.start(2);
    await cluster.ready();
    await load.worked(300);
    await load.stop();
    await expectNewest(load);
  }, 150_000);

  test("no acknowledged put is lost and no call fails when one node freezes under load", async () => {
    const load = startLoad(stores);
    await load.worked(300);
    cluster.freeze(1, true);
    await pause(5_000);
    await load.worked(100);
    cluster.freeze(1, false);
    await load.worked(100);
    await load.stop();
    await expectNewest(load);
  }, 150_000);

  test("calls are delayed and none fails when two nodes freeze for a moment", async () => {
    const load = startLoad(stores);
    await load.worked(300);
    cluster.freeze(1, true);
    cluster.freeze(2, true);
    // Longer than the remaining node waits for a quorum.
    await pause(3_500);
    cluster.freeze(1, false);
    cluster.freeze(2, false);
    await load.worked(100);
    await load.stop();
    await expectNewest(load);
    expect(load.longestMs).toBeGreaterThan(3_000);
  }, 150_000);

  test("calls reject while two or three nodes are down, and succeed once they are back", async () => {
    const [store] = stores as [PlanStore];
    const key = keyOf("half");
    const put = (micros: number) =>
      store.put({
        key,
        updateTime: instantOf(micros),
        expiresAtMs: undefined,
        value: Buffer.from(String(micros)),
      });
    const start = Date.now() * 1000;
    await put(start);
    await cluster.kill(1);
    await cluster.kill(2);
    await expectUnavailable([() => put(start + 1), () => store.get(key), () => store.health()]);
    await cluster.kill(0);
    await expectUnavailable([() => put(start + 2), () => store.get(key), () => store.health()]);

    for (const node of [0, 1, 2]) {
      cluster.start(node);
    }
    const end = performance.now() + 90_000;
    while (!(await isHealthy(store))) {
      if (performance.now() > end) {
        throw new Error("the store has not recovered");
      }
      await pause(200);
    }
    expect(Number(Buffer.from((await store.get(key)) ?? []))).toBeGreaterThanOrEqual(start);
    await put(start + 3);
    expect(Buffer.from((await store.get(key)) ?? []).toString()).toBe(String(start + 3));
  }, 150_000);

  /** Expects that no put failed, and that any two replicas return the newest acknowledged record of every key. */
  async function expectNewest(load: ReturnType<typeof startLoad>): Promise<void> {
    expect(load.failed).toEqual([]);
    expect(load.stale).toBeGreaterThan(0);
    // Each read asks two of three replicas, so each store reads twice.
    for (const store of [...stores, ...stores]) {
      for (const [id, newest] of load.newest) {
        const value = Buffer.from((await store.get(keyOf(id))) ?? []).toString();
        expect([id, value]).toEqual([id, String(newest)]);
      }
    }
  }
});

async function expectUnavailable(calls: readonly (() => Promise<unknown>)[]): Promise<void> {
  for (const result of await Promise.allSettled(calls.map((call) => call()))) {
    expect(result).toMatchObject({ status: "rejected", reason: expect.any(StoreUnavailable) });
  }
}

function isHealthy(store: PlanStore): Promise<boolean> {
  return store.health().then(
    () => true,
    () => false,
  );
}

/**
 * Puts records of a few keys through all stores concurrently, every third one older than those before. No two have the
 * same update time.
 */
function startLoad(stores: readonly PlanStore[]) {
  const load = {
    /** By id, the largest update time, in µs, of what was answered `stored`. It is the value as well. */
    newest: new Map<string, number>(),
    failed: [] as string[],
    stale: 0,
    longestMs: 0,
    done: 0,
    async worked(puts: number) {
      const wanted = load.done + puts;
      while (load.done < wanted) {
        await pause(10);
      }
    },
    async stop() {
      ended = true;
      await Promise.all(producers);
    },
  };
  const name = `user${Math.random()}-`;
  let ended = false;
  let turn = 0;
  const producers = Array.from({ length: 16 }, async (_, producer) => {
    const store = stores[producer % stores.length] as PlanStore;
    while (!ended) {
      turn++;
      const id = `${name}${turn % 50}`;
      // The last two digits are the producer's, so that update times are unique.
      const late = turn % 3 === 0 ? 50_000 : 0;
      const micros = Math.floor(Date.now() * 10 - late) * 100 + producer;
      const began = performance.now();
      try {
        const { outcome } = await store.put({
          key: keyOf(id),
          updateTime: instantOf(micros),
          expiresAtMs: Date.now() + 3_600_000 * 24,
          value: Buffer.from(String(micros)),
        });
        if (outcome === "stale") {
          load.stale++;
        } else {
          load.newest.set(id, Math.max(load.newest.get(id) ?? 0, micros));
        }
      } catch (error) {
        load.failed.push(String(error));
      }
      load.longestMs = Math.max(load.longestMs, performance.now() - began);
      load.done++;
    }
  });
  return load;
}
