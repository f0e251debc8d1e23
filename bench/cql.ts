import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { initCqlKeyspace } from "../src/store/cql/schema.ts";
import { whatIsMissing } from "../test/cluster/cassandra.ts";
import { makeClusterDirectory, startCluster, stopCluster } from "../test/cluster/cluster.ts";
import type { PutRun } from "./peers/cql-puts.ts";
import { median } from "./support/load.ts";
import { writeSection } from "./support/report.ts";

const rounds = Number(process.env.BENCH_ROUNDS ?? 7);
const seconds = Number(process.env.BENCH_SECONDS ?? 5);
const producers = 64;

const missing = await whatIsMissing();
if (missing) {
  throw new Error(`the Cassandra benchmark requires Java 17 and Maven: ${missing}`);
}

const directory = await makeClusterDirectory();
process.once("exit", () => stopCluster(directory));
const cluster = await startCluster(directory);
const url = cluster.url("bench");
await initCqlKeyspace({ url });
const [bare, first, second] = await Promise.all([startPeer("bare"), startPeer("store"), startPeer("store")]);

const cases: { name: string; peers: ChildProcess[]; runs: PutRun[] }[] = [
  { name: "the driver's own loop, one process", peers: [bare], runs: [] },
  { name: "the store, one process", peers: [first], runs: [] },
  { name: "the store, two processes", peers: [first, second], runs: [] },
];
// The first two rounds do not count: they warm up the JVMs of the nodes and fill the tables.
for (let round = -1; round <= rounds; round++) {
  // The order rotates, so that no case always runs after the same one.
  for (const turn of cases.keys()) {
    const each = cases[(turn + Math.abs(round)) % cases.length] as (typeof cases)[number];
    const run = sumOf(
      await Promise.all(each.peers.map((peer) => measure(peer, producers / each.peers.length))),
    );
    if (round > 0) {
      each.runs.push(run);
    }
    console.error(`round ${round}: ${each.name}: ${run.putsPerSecond.toFixed(0)} puts/s`);
  }
}
for (const peer of [bare, first, second]) {
  peer.kill();
}

const [base] = cases;
writeSection("cql", [
  ["case, 64 producers in total", "puts/s", "ratio", "spread", "µs of CPU per put", "p99 ms"],
  ...cases.map(({ name, runs }) => {
    const ratios = runs.map(
      (run, round) => run.putsPerSecond / (base?.runs[round]?.putsPerSecond ?? Number.NaN),
    );
    return [
      name,
      median(runs.map((run) => run.putsPerSecond)).toFixed(0),
      median(ratios).toFixed(2),
      `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`,
      median(runs.map((run) => run.cpuMicrosPerPut)).toFixed(0),
      median(runs.map((run) => run.p99)).toFixed(0),
    ];
  }),
]);
process.exit();

async function startPeer(mode: "bare" | "store"): Promise<ChildProcess> {
  const peer = fork(join(import.meta.dirname, "peers", "cql-puts.ts"), [mode, url]);
  await once(peer, "message");
  return peer;
}

async function measure(peer: ChildProcess, producers: number): Promise<PutRun> {
  const answered = once(peer, "message");
  peer.send({ seconds, producers });
  const [run] = await answered;
  return run;
}

function sumOf(runs: readonly PutRun[]): PutRun {
  const puts = runs.reduce((sum, run) => sum + run.puts, 0);
  return {
    puts,
    cpuMicrosPerPut: runs.reduce((sum, run) => sum + run.cpuMicrosPerPut * run.puts, 0) / puts,
    putsPerSecond: runs.reduce((sum, run) => sum + run.putsPerSecond, 0),
    p99: Math.max(...runs.map((run) => run.p99)),
  };
}
