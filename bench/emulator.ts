import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeToken } from "../src/cli/make-token.ts";
import { controlEmulator, startTestServer } from "../src/testing/index.ts";
import { buildPackage } from "./support/build.ts";
import { type Cost, measure, median } from "./support/load.ts";
import { restCreate } from "./support/loads.ts";
import { pin, type ScriptPeer, startPeer } from "./support/peer.ts";
import { writeSection } from "./support/report.ts";
import { withUser } from "./support/user-mark.ts";

const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const seconds = Number(process.env.BENCH_SECONDS ?? 4);
const root = join(import.meta.dirname, "..");

/** Calls in the journal whose memory is measured, and records that a reset removes. */
const calls = 100_000;
const records = 10_000;

buildPackage();
const started = await startTimes();
const first = firstStarts();
const inProcess = await timesInProcess();
pin(process.pid, 1);
const costs = await createCosts();
const journal = await journalMemory();
const ms = (values: readonly number[]) => `${median(values).toFixed(0)} ms`;
const spread = (values: readonly number[], digits: number) =>
  `${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)}`;
writeSection("emulator", [
  ["figure", "median", "spread", "target"],
  ["`mdps dev` of the package until it listens", ms(started.dev), spread(started.dev, 0), "1,000 ms"],
  ["`mdps serve` of the package until it listens", ms(started.serve), spread(started.serve, 0), ""],
  ["`startTestServer()`, the first of a process", ms(first), spread(first, 0), "150 ms"],
  ["`startTestServer()`, later ones", ms(inProcess.start), spread(inProcess.start, 0), "150 ms"],
  ["`reset()` of an emulator without records", ms(inProcess.emptyReset), spread(inProcess.emptyReset, 0), ""],
  [`\`reset()\` of ${records} records in memory`, ms(inProcess.reset), spread(inProcess.reset, 0), ""],
  [
    "CPU of a REST create, emulator to server, both with SQLite",
    median(costs).toFixed(2),
    spread(costs, 2),
    "",
  ],
  [`memory of a journal of ${calls} creates of 1.5 KB`, `${(journal / 2 ** 20).toFixed(0)} MiB`, "", ""],
]);

/** Measures from the start of a process of the built package until it says that it listens. */
async function startTimes() {
  const times = { dev: [] as number[], serve: [] as number[] };
  const dataDirectory = mkdtempSync(join(tmpdir(), "mdps-bench-"));
  try {
    // The first round creates the keys, and does not count.
    for (let round = 0; round <= rounds; round++) {
      for (const command of ["dev", "serve"] as const) {
        const began = performance.now();
        const main = join(root, "dist/src/cli/main.js");
        const args = [main, command, "--port", "0", "--json", "--data", dataDirectory];
        const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
        await once(child.stdout, "data");
        if (round > 0) {
          times[command].push(performance.now() - began);
        }
        child.kill("SIGTERM");
        await once(child, "exit");
      }
    }
  } finally {
    rmSync(dataDirectory, { recursive: true, force: true });
  }
  return times;
}

/** Measures the first start of as many processes, without the time in which they load the built package. */
function firstStarts(): number[] {
  const code = `
    import { startTestServer } from ${JSON.stringify(join(root, "dist/src/testing/index.js"))};
    const began = performance.now();
    const server = await startTestServer();
    console.log(performance.now() - began);
    await server.close();`;
  return Array.from({ length: rounds }, () =>
    Number(execFileSync(process.execPath, ["--input-type=module", "--eval", code], { encoding: "utf8" })),
  );
}

/** Measures starts and resets in this process. The first one does not count. */
async function timesInProcess() {
  const times = { start: [] as number[], emptyReset: [] as number[], reset: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    const began = performance.now();
    const server = await startTestServer({ anyToken: true });
    const start = performance.now() - began;
    const emptyReset = await timeOf(() => server.reset());
    await push(server.url, records);
    const reset = await timeOf(() => server.reset());
    await server.close();
    if (round > 0) {
      times.start.push(start);
      times.emptyReset.push(emptyReset);
      times.reset.push(reset);
    }
  }
  return times;
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Measures the CPU time of creates at both peers in turns, and returns the ratios of the rounds. */
async function createCosts(): Promise<number[]> {
  const folders = [0, 1].map(() => mkdtempSync(join(tmpdir(), "mdps-bench-"))) as [string, string];
  const server = await startPeer("mdps-server.ts", [folders[0]]);
  const emulator = await startPeer("emulator.ts", [folders[1]]);
  try {
    const [serverLoad, emulatorLoad] = await Promise.all(
      folders.map(async (folder) => restCreate(await makeToken(folder, 65001, "push"))),
    );
    const ratios: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      const cost = async (peer: ScriptPeer, load = serverLoad): Promise<Cost> =>
        measure(peer, load as NonNullable<typeof load>, round === 0 ? 3 : seconds);
      const base = await cost(server);
      const own = await cost(emulator, emulatorLoad);
      if (round > 0) {
        ratios.push(own.cpuMicrosPerRequest / base.cpuMicrosPerRequest);
      }
    }
    return ratios;
  } finally {
    await Promise.all([server.stop(), emulator.stop()]);
    for (const folder of folders) {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** Returns by how much memory grows for calls in the journal, with their records in SQLite. */
async function journalMemory(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "mdps-bench-"));
  const emulator = await startPeer("emulator.ts", [folder]);
  try {
    const token = await makeToken(folder, 65001, "push");
    await push(emulator.url, 5_000, token);
    const control = controlEmulator(emulator.url);
    await control.service.clearCalls({});
    const before = await residentMemory(emulator);
    await push(emulator.url, calls, token);
    return (await residentMemory(emulator)) - before;
  } finally {
    await emulator.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Returns the resident memory after a garbage collection. */
async function residentMemory(peer: ScriptPeer): Promise<number> {
  await peer.peakOf(async () => {});
  return (await peer.usage()).rssBytes;
}

/** Pushes the status of the benchmarks for as many users. */
async function push(url: string, count: number, token = "any"): Promise<void> {
  const { headers, body, path } = restCreate(token);
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const response = await fetch(url + withUser(path, next++), {
        method: "POST",
        headers,
        body: String(body),
      });
      if (!response.ok) {
        throw new Error(`${response.status}: ${await response.text()}`);
      }
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: 32 }, worker));
}
