import { randomBytes } from "node:crypto";
import pg from "pg";
import type { PutRecord } from "../src/store/plan-store.ts";
import { upsert, upsertValues } from "../src/store/postgres/puts.ts";
import { openPostgresStore } from "../src/store/postgres/store.ts";
import { startPostgresServer } from "../test/store/postgres/server.ts";
import { median } from "./support/load.ts";
import { writeSection } from "./support/report.ts";

const rounds = Number(process.env.BENCH_ROUNDS ?? 15);
const seconds = Number(process.env.BENCH_SECONDS ?? 1);
const producers = Number(process.env.BENCH_PRODUCERS ?? 256);
const users = Number(process.env.BENCH_USERS ?? 100_000);
const poolSize = 16;

/** About the size of a status with three modules. */
const value = randomBytes(400);

let written = 0;

function recordOf(user: number): PutRecord {
  const second = Math.floor(written++ / 1000) + 1_700_000_000;
  return {
    key: { kind: "planStatus", asn: 65001, clientId: "mobiledataplan", id: `a/b+c${user}==` },
    updateTime: { seconds: second, nanos: 0 },
    expiresAtMs: (second + 1_000_000_000) * 1000,
    value,
  };
}

const anyUser = () => Math.floor(Math.random() * users);

/** Returns one record for each producer, all of different users. */
function batchOfRecords(): PutRecord[] {
  const chosen = new Set<number>();
  while (chosen.size < producers) {
    chosen.add(anyUser());
  }
  return [...chosen].map(recordOf);
}

type Figure = { putsPerSecond: number; cpuMicrosPerPut: number };

/** Runs workers for some seconds. A worker returns how many records it wrote. */
async function measure(workers: readonly (() => Promise<number>)[], length: number): Promise<Figure> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  let puts = 0;
  await Promise.all(
    workers.map(async (work) => {
      while (performance.now() - start < length * 1000) {
        const done = await work();
        puts += done;
      }
    }),
  );
  const elapsed = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { putsPerSecond: (puts / elapsed) * 1000, cpuMicrosPerPut: (user + system) / puts };
}

const server = await startPostgresServer();
const { url } = server;
const store = await openPostgresStore({ url });
const oneConnection = await openPostgresStore({ url, putConnections: 1 });

// The relevant settings of the store's own connections (src/store/postgres/session.ts).
const settings = `
  SET search_path = mdps; SET synchronous_commit = on; SET plan_cache_mode = force_generic_plan;
  SET enable_seqscan = off; SET enable_bitmapscan = off;
  SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off`;
const bare = new pg.Client({ connectionString: url });
await bare.connect();
await bare.query(settings);
const pool = new pg.Pool({
  connectionString: url,
  max: poolSize,
  onConnect: async (client) => {
    await client.query(settings);
  },
});

const single = {
  name: "single",
  text: `
    INSERT INTO record AS stored (asn, kind, client_id, id, update_seconds, update_nanos, expires_at_ms, value)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (asn, kind, client_id, id) DO UPDATE SET update_seconds = excluded.update_seconds,
      update_nanos = excluded.update_nanos, expires_at_ms = excluded.expires_at_ms, value = excluded.value
    WHERE (excluded.update_seconds, excluded.update_nanos) >= (stored.update_seconds, stored.update_nanos)
      OR stored.expires_at_ms <= $9`,
};

async function putBare(): Promise<number> {
  const records = batchOfRecords();
  await bare.query({ ...upsert, values: upsertValues(records, Date.now()), rowMode: "array" });
  return records.length;
}

async function putSingle(): Promise<number> {
  const { key, updateTime, expiresAtMs, value } = recordOf(anyUser());
  const ids = [Buffer.from(key.clientId), Buffer.from(key.id)];
  const values = [key.asn, 1, ...ids, updateTime?.seconds, updateTime?.nanos, expiresAtMs, value, Date.now()];
  await pool.query({ ...single, values });
  return 1;
}

const putTo = (target: typeof store) => async () => {
  await target.put(recordOf(anyUser()));
  return 1;
};
const times = <Item>(count: number, item: Item): Item[] => new Array(count).fill(item);

const cases = [
  { name: `bare script: batches of ${producers} over one connection`, workers: [putBare] },
  { name: "store with two put connections (default)", workers: times(producers, putTo(store)) },
  { name: "store with one put connection", workers: times(producers, putTo(oneConnection)) },
  { name: `one statement per put, pool of ${poolSize}`, workers: times(producers, putSingle) },
].map((each) => ({ ...each, figures: [] as Figure[] }));

try {
  // Fill the table first. The first round does not count: it warms up the code.
  for (let row = 0; row < users; row += 1000) {
    await Promise.all(Array.from({ length: 1000 }, (_, index) => store.put(recordOf(row + index))));
  }
  for (let round = 0; round <= rounds; round++) {
    for (const { name, workers, figures } of cases) {
      const figure = await measure(workers, round === 0 ? 1 : seconds);
      if (round > 0) {
        figures.push(figure);
      }
      console.error(`round ${round}: ${name}: ${figure.putsPerSecond.toFixed(0)} puts/s`);
    }
  }
  const reference = cases[0]?.figures ?? [];
  writeSection("postgres", [
    ["case", "ratio", "spread", "puts/s", "CPU of Node, µs per put"],
    ...cases.map(({ name, figures }) => {
      const ratios = figures.map(
        (figure, round) => figure.putsPerSecond / (reference[round]?.putsPerSecond ?? Number.NaN),
      );
      return [
        name,
        median(ratios).toFixed(2),
        `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`,
        median(figures.map(({ putsPerSecond }) => putsPerSecond)).toFixed(0),
        median(figures.map(({ cpuMicrosPerPut }) => cpuMicrosPerPut)).toFixed(1),
      ];
    }),
  ]);
} finally {
  await Promise.all([store.close(), oneConnection.close(), bare.end(), pool.end()]);
  await server.remove();
}
