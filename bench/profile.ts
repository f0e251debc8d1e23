/**
 * Where the CPU time of the main thread goes in a case of `create`, by group and for our own code by file:
 * `npm run bench -- profile 'gRPC create'`. The argument is a regular expression; the first case that matches runs.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import type { Profiler } from "node:inspector";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import {
  base,
  mdpsCases,
  peerCases,
  planCases,
  prepareGo,
  prepareMdps,
  sameWorkCases,
} from "./support/create-cases.ts";
import { measure } from "./support/load.ts";
import { pin } from "./support/peer.ts";

const seconds = Number(process.env.BENCH_SECONDS ?? 5);
const warmUpSeconds = 5;
const root = join(import.meta.dirname, "..");

pin(process.pid, 1);
const folder = mkdtempSync(join(tmpdir(), "mdps-profile-"));
try {
  const mdps = await prepareMdps(folder, "data");
  const wanted = new RegExp(process.argv[2] ?? "^gRPC create");
  const go = prepareGo(folder);
  const cases = [...mdpsCases(mdps), ...planCases(mdps), base, ...sameWorkCases(go), ...peerCases(go)];
  const found = cases.find(({ name }) => wanted.test(name));
  if (found === undefined) {
    throw new Error(`no case matches ${wanted}; there are: ${cases.map(({ name }) => name).join("; ")}`);
  }
  const profiles = join(folder, "profiles");
  const peer = await found.server(["--cpu-prof", "--cpu-prof-interval=200", `--cpu-prof-dir=${profiles}`]);
  for (const load of [...(found.first ? [found.first] : []), found.load]) {
    await measure(peer, load, warmUpSeconds);
  }
  const { requests, cpuMicrosPerRequest } = await measure(peer, found.load, seconds);
  await peer.stop();
  const groups = selfTimes(largest(profiles), seconds * 1_000_000);
  console.log(
    `${found.name}: ${cpuMicrosPerRequest.toFixed(0)} µs of CPU time per request, all threads; by self time:`,
  );
  for (const [group, micros] of [...groups].toSorted(([, a], [, b]) => b - a).slice(0, 50)) {
    console.log(`${(micros / requests).toFixed(1).padStart(7)} µs  ${group}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Returns the largest of the profiles, which is that of the main thread. */
function largest(profiles: string): Profiler.Profile {
  const texts = readdirSync(profiles).map((file) => readFileSync(join(profiles, file), "utf8"));
  return JSON.parse(texts.toSorted((a, b) => b.length - a.length)[0] ?? "");
}

/** Returns the time in each group during the last microseconds of a profile, the time without work left out. */
function selfTimes(
  { nodes, samples = [], timeDeltas = [] }: Profiler.Profile,
  last: number,
): Map<string, number> {
  const groupOf = new Map(nodes.map(({ id, callFrame }) => [id, groupOfFrame(callFrame)]));
  const times = new Map<string, number>();
  for (let index = samples.length - 1, left = last; index >= 0 && left > 0; index--) {
    const group = groupOf.get(samples[index] as number) as string;
    const time = timeDeltas[index] as number;
    left -= time;
    if (group !== "(idle)") {
      times.set(group, (times.get(group) ?? 0) + time);
    }
  }
  return times;
}

function groupOfFrame({ url, functionName }: { url: string; functionName: string }): string {
  const packaged = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (packaged !== undefined) {
    return packaged;
  }
  if (url.startsWith("file:")) {
    return relative(root, new URL(url).pathname);
  }
  // Such as node:internal/http2/core, node:internal/deps/undici/undici and node:_http_server.
  const internal = /^node:(?:internal\/)?(?:deps\/)?_?([a-z0-9_]+)/.exec(url)?.[1];
  return internal === undefined ? functionName || "native" : `node:${internal}`;
}
