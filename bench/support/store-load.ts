import { setImmediate } from "node:timers/promises";
import type { PlanStore } from "../../src/store/plan-store.ts";
import { openDatabase } from "../../src/store/sqlite/database.ts";
import { upsert } from "../../src/store/sqlite/records.ts";
import { idOf, putOf } from "./store-table.ts";

/** Throughput and latency of a store, or of a bare script. */
export type Result = {
  perSecond: number;
  /** Latency of a call in milliseconds; of a batch for the bare script. */
  p99: number;
  worst: number;
  /** Microseconds of CPU time that this thread spent on each call. */
  mainMicros: number;
};

export type StoreLoad = {
  /** Number of users. Each call is for a random one. */
  rows: number;
  /** Concurrent calls. */
  inFlight: number;
  seconds: number;
  /** Milliseconds until a put record expires. Defaults to thirty days. */
  lifetime?: number;
};

/** Milliseconds at the beginning that do not count, because the disk may still be busy with the previous case. */
const warmUp = 500;

const day = 24 * 3600 * 1000;
const randomUser = (rows: number) => Math.floor(Math.random() * rows);

/** Puts records of random users. */
export function measurePuts(store: PlanStore, load: StoreLoad): Promise<Result> {
  const { rows, lifetime = 30 * day } = load;
  return measureCalls(load, async () => {
    const now = Date.now();
    await store.put(putOf(randomUser(rows), Math.floor(now / 1000), now + lifetime));
  });
}

/** Gets records of random users. */
export function measureGets(store: PlanStore, load: StoreLoad): Promise<Result> {
  return measureCalls(load, async () => {
    if (!(await store.get(putOf(randomUser(load.rows), 0, undefined).key))) {
      throw new Error("a record is missing");
    }
  });
}

async function measureCalls({ inFlight, seconds }: StoreLoad, call: () => Promise<unknown>): Promise<Result> {
  let latencies: number[] = [];
  let began = performance.now();
  let before = process.threadCpuUsage();
  const end = began + warmUp + seconds * 1000;
  setTimeout(() => {
    latencies = [];
    began = performance.now();
    before = process.threadCpuUsage();
  }, warmUp);
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      for (let from = performance.now(); from < end; ) {
        await call();
        const now = performance.now();
        latencies.push(now - from);
        from = now;
      }
    }),
  );
  const { user, system } = process.threadCpuUsage(before);
  return summary(latencies, latencies.length, performance.now() - began, user + system);
}

/** Executes the same SQL in a loop without threads, promises and queues. */
export async function measureBare(
  directory: string,
  load: { rows: number; batch: number; seconds: number; checkpointPages?: number },
): Promise<Result> {
  const { rows, batch, seconds, checkpointPages } = load;
  const { database, close } = openDatabase(directory, { checkpointPages });
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  const put = database.prepare(upsert);
  const client = Buffer.from("mobiledataplan");
  const { value } = putOf(0, 0, undefined);
  let latencies: number[] = [];
  let began = performance.now();
  const end = began + warmUp + seconds * 1000;
  let warm = false;
  for (let from = began; from < end; ) {
    if (!warm && from >= began + warmUp) {
      warm = true;
      began = from;
      latencies = [];
    }
    begin.run();
    const now = Date.now();
    for (let index = 0; index < batch; index++) {
      const id = Buffer.from(idOf(randomUser(rows)));
      put.run(65_001, 1, client, id, Math.floor(now / 1000), 0, now + 30 * day, value, now);
    }
    commit.run();
    const ended = performance.now();
    latencies.push(ended - from);
    from = ended;
  }
  const took = performance.now() - began;
  close();
  await setImmediate();
  return summary(latencies, latencies.length * batch, took, 0);
}

function summary(latencies: number[], calls: number, ms: number, cpuMicros: number): Result {
  latencies.sort((a, b) => a - b);
  return {
    perSecond: calls / (ms / 1000),
    p99: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
    worst: latencies.at(-1) ?? Number.NaN,
    mainMicros: cpuMicros / calls,
  };
}
