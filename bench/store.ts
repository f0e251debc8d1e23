import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { openSqliteStore, type SqliteStoreOptions } from "../src/store/sqlite/store.ts";
import { median } from "./support/load.ts";
import { writeSection } from "./support/report.ts";
import { measureBare, measureGets, measurePuts, type Result, type StoreLoad } from "./support/store-load.ts";
import { buildTable } from "./support/store-table.ts";

const { values } = parseArgs({ options: { rows: { type: "string", default: "5000000" } } });
const manyRows = Number(values.rows);
const fewRows = 100_000;
const expiredRows = 1_000_000;
const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const seconds = Number(process.env.BENCH_SECONDS ?? 3);
const day = 24 * 3600 * 1000;

const parent = mkdtempSync(join(tmpdir(), "mdps-bench-"));
const few = join(parent, "few");
const many = join(parent, "many");
const expired = join(parent, "expired");

async function build(directory: string, rows: number, expiresIn: (n: number) => number): Promise<void> {
  console.error(`building ${rows} records`);
  mkdirSync(directory, { recursive: true });
  const now = Date.now();
  await buildTable(directory, rows, (n) => now + expiresIn(n));
}

/** Opens a store for one measurement. By default it does not sweep expired records. */
async function withStore(
  directory: string,
  measure: (store: Awaited<ReturnType<typeof openSqliteStore>>) => Promise<Result>,
  options: Partial<SqliteStoreOptions> = {},
): Promise<Result> {
  const store = await openSqliteStore({ directory, sweepInterval: 2 ** 31 - 1, ...options });
  try {
    return await measure(store);
  } finally {
    await store.close();
  }
}

const puts = (directory: string, load: Omit<StoreLoad, "seconds">, options?: Partial<SqliteStoreOptions>) =>
  withStore(directory, (store) => measurePuts(store, { ...load, seconds }), options);
const gets = (directory: string, rows: number) =>
  withStore(directory, (store) => measureGets(store, { rows, inFlight: 256, seconds }));

let sweptRows = 0;
let sweptSeconds = 0;
async function putsWhileSweeping(): Promise<Result> {
  const began = performance.now();
  const onSweep = (removed: number) => {
    sweptRows += removed;
  };
  const result = await puts(expired, { rows: fewRows, inFlight: 64 }, { sweepInterval: 1, onSweep });
  sweptSeconds += (performance.now() - began) / 1000;
  return result;
}

const manyText = `${manyRows.toLocaleString("en")} records`;
const bare = "bare script, commits of 64";
const store64 = "puts, 64 at once";
const again = "puts, 64 at once, in the same rounds as the next lines";
const quiet = "puts, 64 at once, no sweeping";
type Case = { name: string; to: string; bound: string; measure: () => Promise<Result> };
const small: Case[] = [
  { name: bare, to: bare, bound: "", measure: () => measureBare(few, { rows: fewRows, batch: 64, seconds }) },
  { name: store64, to: bare, bound: "≥ 0.9", measure: () => puts(few, { rows: fewRows, inFlight: 64 }) },
  {
    name: "bare script, commits of 1",
    to: store64,
    bound: "≤ 0.25",
    measure: () => measureBare(few, { rows: fewRows, batch: 1, seconds }),
  },
  {
    name: "puts, 1,024 at once",
    to: bare,
    bound: "",
    measure: () => puts(few, { rows: fewRows, inFlight: 1024 }),
  },
  { name: "gets, 256 at once", to: bare, bound: "60,000/s", measure: () => gets(few, fewRows) },
];
const large: Case[] = [
  { name: again, to: again, bound: "", measure: () => puts(few, { rows: fewRows, inFlight: 64 }) },
  {
    name: `bare script, commits of 64, ${manyText}`,
    to: again,
    bound: "",
    measure: () => measureBare(many, { rows: manyRows, batch: 64, seconds }),
  },
  {
    name: `${store64}, ${manyText}`,
    to: again,
    bound: "≥ 0.4",
    measure: () => puts(many, { rows: manyRows, inFlight: 64 }),
  },
  {
    name: "the same with checkpoints of 1,000 pages",
    to: again,
    bound: "",
    measure: () => puts(many, { rows: manyRows, inFlight: 64 }, { checkpointPages: 1000 }),
  },
  {
    name: "the same with cacheBytes of 512 MiB",
    to: again,
    bound: "",
    measure: () => puts(many, { rows: manyRows, inFlight: 64 }, { cacheBytes: 512 * 1024 * 1024 }),
  },
  { name: `gets, 256 at once, ${manyText}`, to: again, bound: "", measure: () => gets(many, manyRows) },
];
const sweeping: Case[] = [
  { name: quiet, to: quiet, bound: "", measure: () => puts(expired, { rows: fewRows, inFlight: 64 }) },
  {
    name: `the same while ${expiredRows.toLocaleString("en")} expired records are swept`,
    to: quiet,
    bound: "p99 ≤ 2 ×",
    measure: putsWhileSweeping,
  },
];
const results = new Map<string, Result[]>();

/** Runs cases in turn. The first round does not count: it warms up pages and code. */
async function measureAll(cases: readonly Case[]): Promise<void> {
  for (let round = 0; round <= rounds; round++) {
    for (const { name, measure } of cases) {
      const result = await measure();
      if (round > 0) {
        results.set(name, [...(results.get(name) ?? []), result]);
      }
      console.error(
        `round ${round}: ${name}: ${result.perSecond.toFixed(0)}/s, p99 ${result.p99.toFixed(1)} ms`,
      );
    }
  }
}

const of = (name: string, figure: keyof Result) => (results.get(name) ?? []).map((result) => result[figure]);
const ratio = (name: string, to: string, figure: keyof Result) =>
  median(of(name, figure).map((value, round) => value / (of(to, figure)[round] ?? Number.NaN))).toFixed(2);
const middle = (name: string, figure: keyof Result) => median(of(name, figure));

function rowOf({ name, to, bound }: Case): string[] {
  const main = middle(name, "mainMicros");
  return [
    name,
    middle(name, "perSecond").toFixed(0),
    ratio(name, to, "perSecond"),
    to,
    bound,
    middle(name, "p99").toFixed(1),
    ratio(name, to, "p99"),
    Math.max(...of(name, "worst")).toFixed(0),
    main === 0 ? "" : main.toFixed(1),
  ];
}

try {
  await build(few, fewRows, () => day);
  await build(many, manyRows, (n) => day + Math.floor((n / manyRows) * day));
  // The order of expiry differs from the order of rows, as it does once every record has been replaced.
  const past = (n: number) => -1 - ((Math.imul(n, 2_654_435_761) >>> 0) % expiredRows);
  await build(expired, expiredRows + fewRows, (n) => (n < fewRows ? day : past(n)));
  for (const cases of [small, large, sweeping]) {
    await measureAll(cases);
  }
  console.error("dropping the index on the expiry");
  const database = new DatabaseSync(join(many, "plans.sqlite"));
  database.exec("DROP INDEX record_expiry");
  database.close();
  const name = `bare script, commits of 64, ${manyText}, no expiry index`;
  const without: Case = {
    name,
    to: `bare script, commits of 64, ${manyText}`,
    bound: "",
    measure: () => measureBare(many, { rows: manyRows, batch: 64, seconds }),
  };
  await measureAll([without]);
  const head = [
    "case",
    "per second",
    "ratio",
    "to",
    "target",
    "p99 ms",
    "ratio",
    "worst ms",
    "main thread, µs",
  ];
  writeSection("store", [head, ...[...small, ...large, without, ...sweeping].map(rowOf)]);
  console.log(`swept ${(sweptRows / sweptSeconds).toFixed(0)} records/s during the puts`);
} finally {
  rmSync(parent, { recursive: true, force: true });
}
