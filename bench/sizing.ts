/**
 * Measures throughput and resources of a server for the table in docs/operations.md: the built package with one and two
 * workers, on SQLite and, if installed, PostgreSQL, over REST and gRPC. The load has a processor for itself and
 * PostgreSQL.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startPostgresServer, whyNoPostgres } from "../test/store/postgres/server.ts";
import { buildPackage } from "./support/build.ts";
import type { Load } from "./support/lane.ts";
import { type Cost, measure, median } from "./support/load.ts";
import { grpcCreate, restCreate } from "./support/loads.ts";
import { pin } from "./support/peer.ts";
import { canServeWith, loadProcessor, runMdps, startMdps } from "./support/program.ts";
import { writeSection } from "./support/report.ts";

const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const seconds = Number(process.env.BENCH_SECONDS ?? 5);

/** A storage engine: the options of `mdps` that select it, and how many bytes its records take. */
type Storage = { readonly options: readonly string[]; bytes(): Promise<number>; remove(): Promise<void> };

const engines = [
  { engine: "SQLite", openStorage: sqliteStorage },
  ...(whyNoPostgres() === undefined ? [{ engine: "PostgreSQL", openStorage: postgresStorage }] : []),
];

function sqliteStorage(data: string): Promise<Storage> {
  const bytes = async () => statSync(join(data, "plans.sqlite")).size;
  return Promise.resolve({ options: [], bytes, remove: async () => undefined });
}

async function postgresStorage(): Promise<Storage> {
  const server = await startPostgresServer();
  return {
    options: ["--store", server.url],
    async bytes() {
      const client = new pg.Client({ connectionString: server.url });
      await client.connect();
      const { rows } = await client.query(
        "SELECT sum(pg_total_relation_size(c.oid)) AS bytes FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'mdps' AND relkind = 'r'",
      );
      await client.end();
      return Number(rows[0].bytes);
    },
    remove: () => server.remove(),
  };
}

/** One protocol's figures: at full load, and at half the rate that it reached. */
type Figures = { readonly flatOut: Cost; readonly half: Cost; readonly rssBytes: number };

async function measureProtocol(peer: Awaited<ReturnType<typeof startMdps>>, load: Load): Promise<Figures> {
  // Warm up.
  await measure(peer, load, 3);
  const flatOut: Cost[] = [];
  const half: Cost[] = [];
  for (let round = 0; round < rounds; round++) {
    const cost = await measure(peer, load, seconds);
    flatOut.push(cost);
    half.push(await measure(peer, load, seconds, { rate: cost.requestsPerSecond / 2 }));
  }
  return { flatOut: middle(flatOut), half: middle(half), rssBytes: (await peer.usage()).rssBytes };
}

function middle(costs: readonly Cost[]): Cost {
  const of = (name: keyof Cost) => median(costs.map((cost) => cost[name]));
  return {
    requests: of("requests"),
    cpuMicrosPerRequest: of("cpuMicrosPerRequest"),
    requestsPerSecond: of("requestsPerSecond"),
    p50: of("p50"),
    p99: of("p99"),
  };
}

async function measureServer(
  engine: string,
  openStorage: (data: string) => Promise<Storage>,
  workers: number,
) {
  const data = mkdtempSync(join(tmpdir(), "mdps-sizing-"));
  const storage = await openStorage(data);
  try {
    const options = ["--data", data, ...storage.options];
    const peer = await startMdps(options, workers);
    const figures: [protocol: string, figures: Figures][] = [];
    // Subtract the size of empty tables, which matters if there are few records.
    let empty = 0;
    try {
      const token = runMdps(["token", "--operator", "65001", "--data", data]).trim();
      empty = await storage.bytes();
      const loads = { REST: restCreate(token), gRPC: grpcCreate(token) };
      for (const [protocol, load] of Object.entries(loads)) {
        figures.push([protocol, await measureProtocol(peer, load)]);
      }
    } finally {
      await peer.stop();
    }
    const records = runMdps(["export", ...options]).split("\n").length - 1;
    const megabytes = (((await storage.bytes()) - empty) / records).toFixed(0);
    return figures.map(([protocol, { flatOut, half, rssBytes }]) => [
      engine,
      String(workers),
      protocol,
      flatOut.requestsPerSecond.toFixed(0),
      flatOut.cpuMicrosPerRequest.toFixed(0),
      (1_000_000 / flatOut.cpuMicrosPerRequest).toFixed(0),
      half.p50.toFixed(1),
      half.p99.toFixed(1),
      (rssBytes / 1024 / 1024).toFixed(0),
      megabytes,
    ]);
  } finally {
    await storage.remove();
    rmSync(data, { recursive: true, force: true });
  }
}

buildPackage();
pin(process.pid, loadProcessor);
const rows: string[][] = [];
for (const { engine, openStorage } of engines) {
  for (const workers of canServeWith("--workers") ? [1, 2] : [1]) {
    const measured = await measureServer(engine, openStorage, workers);
    rows.push(...measured);
    console.error(measured.map((row) => row.join(" ")).join("\n"));
  }
}
const head = [
  "store",
  "workers",
  "protocol",
  "pushes/s at full load",
  "CPU µs per push",
  "pushes/s per processor",
];
const rest = ["p50 ms at half load", "p99 ms at half load", "memory, MiB", "MB on disk per million records"];
writeSection(
  "sizing",
  [[...head, ...rest], ...rows],
  join(import.meta.dirname, "..", "docs", "operations.md"),
);
