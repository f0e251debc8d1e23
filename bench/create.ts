/**
 * What a create costs at the server and at its peers, how that grows with the plan and the store, and latency at half load.
 * An argument is a regular expression: only the cases that match run, and the README stays as it is.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  base,
  type Case,
  mdpsCases,
  peerCases,
  planCases,
  prepareGo,
  prepareMdps,
  sameWorkCases,
  storeCases,
} from "./support/create-cases.ts";
import { measure, median } from "./support/load.ts";
import { userKeyOf } from "./support/loads.ts";
import { pin } from "./support/peer.ts";
import { printTable, writeSection } from "./support/report.ts";
import { columnsOf, type Measured, measureRounds, quartiles, withServers } from "./support/rounds.ts";
import { buildTable } from "./support/store-table.ts";

const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const seconds = Number(process.env.BENCH_SECONDS ?? 1);
const storeSizes = [10_000, Number(process.env.BENCH_USERS ?? 1_000_000)];
const [filter] = process.argv.slice(2);
const isWanted = ({ name }: Case) => filter === undefined || new RegExp(filter).test(name);
const write = filter === undefined ? writeSection : printTable;

pin(process.pid, 1);
const folder = mkdtempSync(join(tmpdir(), "mdps-bench-"));
try {
  const mdps = await prepareMdps(folder, "data");
  const own = mdpsCases(mdps);
  const go = prepareGo(folder);
  const costs = await measureCosts("create", [base, ...own, ...peerCases(go)]);
  compare(costs, "gRPC create", "grpc-js: gRPC create", 1.5);
  await measureCosts("create-same-work", sameWorkCases(go));
  await measureCosts("create-plans", planCases(mdps));
  await measureCosts("create-users", await fillStores());
  await measureLatency([base, ...own]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Measures and writes the costs of cases. Returns what was measured in each round, by the name of the case. */
async function measureCosts(
  section: string,
  all: readonly Case[],
): Promise<ReadonlyMap<string, readonly Measured[]>> {
  const cases = all.filter(isWanted);
  if (cases.length === 0) {
    return new Map();
  }
  const found = await measureRounds(cases, { rounds, seconds });
  const hasTargets = cases.some(({ target }) => target !== undefined);
  write(section, [
    ["case", "cost", "q1 to q3", "µs", "requests per second of CPU time", ...(hasTargets ? ["target"] : [])],
    ...cases.map((each) => [
      each.name,
      ...columnsOf(found.get(each) ?? []),
      ...(hasTargets ? [each.target === undefined ? "" : `≤ ${each.target}`] : []),
    ]),
  ]);
  return new Map([...found].map(([{ name }, measured]) => [name, measured]));
}

/** Writes the cost of a case as a multiple of that of another one in the same round. */
function compare(
  costs: ReadonlyMap<string, readonly Measured[]>,
  name: string,
  other: string,
  target: number,
): void {
  const [own, others] = [costs.get(name), costs.get(other)];
  if (own === undefined || others === undefined) {
    return;
  }
  const ratios = own.map(({ ratio }, round) => ratio / (others[round]?.ratio ?? Number.NaN));
  write("create-ratio", [
    ["cost", "as a multiple of", "ratio", "q1 to q3", "target"],
    [name, other, median(ratios).toFixed(2), quartiles(ratios), `≤ ${target}`],
  ]);
}

/** Returns the cases of stores that already have records of all users. */
async function fillStores(): Promise<Case[]> {
  const cases: Case[] = [];
  for (const users of storeSizes) {
    const store = await prepareMdps(folder, `users-${users}`);
    const added = storeCases(store, users);
    if (added.some(isWanted)) {
      const nextDay = Date.now() + 24 * 3600 * 1000;
      // The order of rows differs from the order of keys and from that of the load.
      const userOf = (n: number) => userKeyOf((n * 1_299_709) % users);
      await buildTable(store.directory, users, () => nextDay, userOf);
    }
    cases.push(...added);
  }
  return cases;
}

/** Measures the latency of each case at half of the highest rate that it reached. */
async function measureLatency(all: readonly Case[]): Promise<void> {
  const cases = all.filter(isWanted);
  if (cases.length === 0) {
    return;
  }
  const rows = await withServers(cases, async (peerOf) => {
    const found = new Map(cases.map((each) => [each, [] as { rate: number; p50: number; p99: number }[]]));
    const highest = new Map<Case, number>();
    for (const each of [...cases, ...cases]) {
      const { requestsPerSecond } = await measure(peerOf(each), each.load, seconds);
      highest.set(each, Math.max(highest.get(each) ?? 0, requestsPerSecond));
    }
    for (let round = 1; round <= rounds; round++) {
      for (const each of cases) {
        const rate = (highest.get(each) ?? 0) / 2;
        found.get(each)?.push({ rate, ...(await measure(peerOf(each), each.load, 2 * seconds, { rate })) });
      }
    }
    return [...found].map(([{ name }, measured]) => {
      const [rate, p50, p99] = (["rate", "p50", "p99"] as const).map((key) =>
        measured.map((one) => one[key]),
      );
      return [
        name,
        ...[rate, p50, p99].map((values = []) => median(values).toFixed(1)),
        quartiles(p99 ?? [], 1),
      ];
    });
  });
  write("create-latency", [["case", "requests/s", "p50 ms", "p99 ms", "q1 to q3 of p99"], ...rows]);
}
