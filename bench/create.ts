import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeToken } from "../src/cli/make-token.ts";
import { type Cost, type Load, measure, median } from "./support/load.ts";
import { connectCreate, restCreate, restRead } from "./support/loads.ts";
import { type Peer, pin, startPeer } from "./support/peer.ts";
import { writeSection } from "./support/report.ts";

const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const seconds = Number(process.env.BENCH_SECONDS ?? 5);

/** Requests per second to every peer in the second measurement. All peers can handle more. */
const sharedRate = Number(process.env.BENCH_RATE ?? 3_000);

pin(process.pid, 1);
const dataDirectory = mkdtempSync(join(tmpdir(), "mdps-bench-"));
const bare = await startPeer("bare-http.ts");
const transcoding = await startPeer("transcoding-only.ts");
const mdps = await startPeer("mdps-server.ts", [dataDirectory]);
try {
  const token = await makeToken(dataDirectory, 65001, false);
  const readToken = await makeToken(dataDirectory, 65001, true);
  const create = restCreate(token);
  const cases: { name: string; peer: Peer; load: Load; costs: Cost[]; paced: Cost[] }[] = [
    { name: "bare node:http, parses and writes the JSON", peer: bare, load: create, costs: [], paced: [] },
    {
      name: "REST create through src/transcoding/ alone",
      peer: transcoding,
      load: create,
      costs: [],
      paced: [],
    },
    { name: "REST create: verified, validated, durable", peer: mdps, load: create, costs: [], paced: [] },
    {
      name: "Connect create with JSON: verified, validated, durable",
      peer: mdps,
      load: connectCreate(token),
      costs: [],
      paced: [],
    },
    { name: "REST read", peer: mdps, load: restRead(readToken), costs: [], paced: [] },
  ];
  // The first round does not count: it warms up both sides.
  for (let round = 0; round <= rounds; round++) {
    for (const each of cases) {
      const cost = await measure(each.peer, each.load, round === 0 ? 3 : seconds);
      const paced = await measure(each.peer, each.load, round === 0 ? 1 : seconds, { rate: sharedRate });
      if (round > 0) {
        each.costs.push(cost);
        each.paced.push(paced);
      }
      console.error(`round ${round}: ${each.name}: ${cost.cpuMicrosPerRequest.toFixed(1)} µs`);
    }
  }
  const rows = cases.map(({ name, costs, paced }) => {
    const ratios = ratiosOf(costs, cases[0]?.costs ?? []);
    const pacedRatios = ratiosOf(paced, cases[0]?.paced ?? []);
    return [
      name,
      median(ratios).toFixed(2),
      spread(ratios),
      median(pacedRatios).toFixed(2),
      spread(pacedRatios),
      median(costs.map((cost) => cost.cpuMicrosPerRequest)).toFixed(0),
      median(costs.map((cost) => cost.requestsPerSecond)).toFixed(0),
      median(costs.map((cost) => cost.p99)).toFixed(0),
    ];
  });
  writeSection("create", [
    [
      "case",
      "cost, flat out",
      "spread",
      `cost, ${sharedRate} requests/s each`,
      "spread",
      "µs, flat out",
      "requests/s",
      "p99 ms",
    ],
    ...rows,
  ]);
} finally {
  await Promise.all([bare.stop(), transcoding.stop(), mdps.stop()]);
  rmSync(dataDirectory, { recursive: true, force: true });
}

function ratiosOf(costs: readonly Cost[], bareCosts: readonly Cost[]): number[] {
  return costs.map(
    (cost, round) => cost.cpuMicrosPerRequest / (bareCosts[round]?.cpuMicrosPerRequest ?? Number.NaN),
  );
}

function spread(ratios: readonly number[]): string {
  return `${Math.min(...ratios).toFixed(1)} to ${Math.max(...ratios).toFixed(1)}`;
}
