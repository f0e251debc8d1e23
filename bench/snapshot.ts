import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import { openSqliteStore } from "../src/store/sqlite/store.ts";
import { writeSection } from "./support/report.ts";
import { buildTable, putOf } from "./support/store-table.ts";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "1000000" },
    /** Puts per second during the snapshot. */
    puts: { type: "string", default: "2000" },
    /** Records per second that the reader consumes: about as many as `mdps export`. */
    pace: { type: "string", default: "15000" },
  },
});
const rows = Number(values.rows);
const rate = Number(values.puts);
const day = 24 * 3600 * 1000;
const quietMs = 5_000;

const reader = new URL("support/snapshot-reader.ts", import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), "mdps-bench-"));
const log = join(directory, "plans.sqlite-wal");

/** Puts records of random users at a steady rate, without waiting for earlier puts. */
function startPuts(store: Awaited<ReturnType<typeof openSqliteStore>>) {
  const calls: { at: number; took: number }[] = [];
  const began = performance.now();
  let logBytes = 0;
  let running = true;
  const put = async () => {
    const at = performance.now();
    const now = Date.now();
    await store.put(putOf(Math.floor(Math.random() * rows), Math.floor(now / 1000), now + 30 * day));
    calls.push({ at, took: performance.now() - at });
  };
  const ended = (async () => {
    const puts: Promise<void>[] = [];
    while (running) {
      for (const due = ((performance.now() - began) / 1000) * rate; puts.length < due; ) {
        puts.push(put());
      }
      logBytes = Math.max(logBytes, statSync(log).size);
      await setTimeout(1);
    }
    await Promise.all(puts);
  })();
  return {
    /** Returns latencies of the puts that started between two moments, in ms. */
    between(from: number, to: number) {
      const latencies = calls.filter(({ at }) => at >= from && at < to).map((call) => call.took);
      latencies.sort((a, b) => a - b);
      return {
        p99: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
        worst: latencies.at(-1) ?? Number.NaN,
      };
    },
    get logBytes() {
      return logBytes;
    },
    async stop() {
      running = false;
      await ended;
    },
  };
}

async function measure(way: string | undefined) {
  const store = await openSqliteStore({ directory });
  const puts = startPuts(store);
  await setTimeout(500);
  const from = performance.now();
  let heldMs: number | undefined;
  if (way !== undefined) {
    const { stdout } = await promisify(execFile)(process.execPath, [reader, way, directory, values.pace]);
    heldMs = Number(stdout);
  }
  // In this time the log is copied into the database.
  await setTimeout(quietMs);
  const to = performance.now();
  await puts.stop();
  await store.close();
  return { ...puts.between(from, to), heldMs, logBytes: puts.logBytes };
}

const ways: readonly (readonly [string, string | undefined])[] = [
  ["no snapshot", undefined],
  ["rows copied, then read (as a scan does)", "copy"],
  ["`VACUUM INTO`, not read", "vacuum"],
  ["one transaction, not copied", "transaction"],
];

try {
  await buildTable(directory, rows, () => Date.now() + 30 * day);
  const table = [];
  // The first measurement does not count: it warms up pages and code.
  await measure(undefined);
  for (const [name, way] of ways) {
    const { p99, worst, heldMs, logBytes } = await measure(way);
    console.error(`${name}: p99 ${p99.toFixed(1)} ms, worst ${worst.toFixed(0)} ms`);
    table.push([
      name,
      heldMs === undefined ? "" : (heldMs / 1000).toFixed(1),
      p99.toFixed(1),
      worst.toFixed(0),
      (logBytes / 1024 / 1024).toFixed(0),
    ]);
  }
  const head = ["snapshot", "log not reusable, s", "puts: p99 ms", "worst ms", "log, MiB"];
  writeSection("snapshot", [head, ...table]);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
