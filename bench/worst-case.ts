import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeToken } from "../src/cli/make-token.ts";
import { callRaw } from "../test/support/http/raw-call.ts";
import { type WorstBody, worstBinary, worstJson } from "../test/support/worst-case/bodies.ts";
import { median } from "./support/load.ts";
import { type ScriptPeer, startPeer } from "./support/peer.ts";
import { writeSection } from "./support/report.ts";
import { type Call, type Column, callOf, columns, otherCalls, validBodies } from "./support/worst-calls.ts";

const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const mostCpu = 10;
const mostMebibytes = 64;

/** What a valid create costs: CPU time by size, and the memory of the largest. */
type Valid = { readonly sizes: { bytes: number; micros: number }[]; readonly memory: number };
type Cost = { readonly bytes: number; readonly cpuRatio: number; readonly mebibytes: number };

const dataDirectory = mkdtempSync(join(tmpdir(), "mdps-bench-"));
const token = await makeToken(dataDirectory, 65001, "push");
const readToken = await makeToken(dataDirectory, 65001, "read");

/** Sends a call, and returns whether it succeeded. */
async function send(url: string, call: Call): Promise<boolean> {
  const isRead = /Get|GET/.test(call.method);
  return (await callRaw({ url, token: isRead ? readToken : token, ...call })).error === undefined;
}

/** Returns the median CPU time of a call in µs. Small calls are repeated, because each is too short to be measured. */
async function cpuOf(peer: ScriptPeer, call: Call): Promise<number> {
  const times = Math.ceil(Math.min(50, 200_000 / (call.body.length + 1)));
  const costs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = await peer.usage();
    for (let time = 0; time < times; time++) {
      await send(peer.url, call);
    }
    costs.push(((await peer.usage()).cpuMicros - before.cpuMicros) / times);
  }
  return median(costs);
}

/** Returns by how much the memory of a new server grows while it answers a call, in MiB. */
async function memoryOf(call: Call, first: Call): Promise<number> {
  const peer = await startPeer("mdps-server.ts", [dataDirectory]);
  try {
    await send(peer.url, first);
    await send(peer.url, first);
    return (await peer.peakOf(() => send(peer.url, call))) / 1024 / 1024;
  } finally {
    await peer.stop();
  }
}

async function measureValid(peer: ScriptPeer, column: Column): Promise<Valid> {
  const calls = validBodies().map((body) => callOf(column, body) as Call);
  const sizes: Valid["sizes"] = [];
  for (const call of calls) {
    // Warms up, and checks that the call is valid.
    for (let time = 0; time < 40; time++) {
      if (!(await send(peer.url, call))) {
        throw new Error(`a valid create over ${column.name} of ${call.body.length} bytes was rejected`);
      }
    }
    sizes.push({ bytes: Buffer.byteLength(call.body), micros: await cpuOf(peer, call) });
  }
  return { sizes, memory: await memoryOf(calls.at(-1) as Call, calls[0] as Call) };
}

/** Returns the CPU time of a valid create of a size, interpolated between those that were measured. */
function validMicros({ sizes }: Valid, bytes: number): number {
  const above = sizes.findIndex((each) => each.bytes >= bytes);
  const [low, high] = above <= 0 ? [sizes.at(above), sizes.at(above)] : [sizes[above - 1], sizes[above]];
  if (low === undefined || high === undefined || low === high) {
    return low?.micros ?? Number.NaN;
  }
  return low.micros + ((high.micros - low.micros) * (bytes - low.bytes)) / (high.bytes - low.bytes);
}

async function measure(peer: ScriptPeer, call: Call, first: Call, valid: Valid): Promise<Cost> {
  const bytes = Buffer.byteLength(call.body);
  const cpuRatio = (await cpuOf(peer, call)) / validMicros(valid, bytes);
  return { bytes, cpuRatio, mebibytes: (await memoryOf(call, first)) - valid.memory };
}

function cell(cost: Cost | undefined): string {
  if (cost === undefined) {
    return "";
  }
  const { cpuRatio, mebibytes } = cost;
  const text = `${cpuRatio.toFixed(1)} ×, ${mebibytes < 0 ? "−" : "+"}${Math.abs(mebibytes).toFixed(0)} MiB`;
  return cpuRatio > mostCpu || mebibytes > mostMebibytes ? `**${text}: missed**` : text;
}

/** The costs of one body by column, in the order of the table. */
type Row = { readonly body: WorstBody; readonly costs: (Cost | undefined)[] };

async function measureColumn(peer: ScriptPeer, column: Column, valid: Valid, rows: Row[]): Promise<void> {
  const first = callOf(column, validBodies()[0] as WorstBody) as Call;
  for (const { body, costs } of rows) {
    const call = callOf(column, body);
    costs.push(call && (await measure(peer, call, first, valid)));
    console.error(`${column.name}: ${body.name}: ${cell(costs.at(-1))}`);
  }
}

/** Measures the other calls. Of the many bodies for the other creates, only the one that takes the most CPU is kept. */
async function measureOthers(peer: ScriptPeer, valid: Map<Column, Valid>): Promise<string[][]> {
  const worst = new Map<string, { name: string; call: Call; column: Column; cpuRatio: number }>();
  for (const [name, call] of otherCalls()) {
    const column = columns.find(({ protocol }) => protocol === call.protocol) as Column;
    const bytes = Buffer.byteLength(call.body);
    const cpuRatio = (await cpuOf(peer, call)) / validMicros(valid.get(column) as Valid, bytes);
    const key = /^CreatePlan/.test(name) ? name.replace(/:.*/, "") : name;
    if (cpuRatio > (worst.get(key)?.cpuRatio ?? 0)) {
      worst.set(key, { name, call, column, cpuRatio });
    }
  }
  const rows: string[][] = [];
  for (const { name, call, column, cpuRatio } of worst.values()) {
    const first = callOf(column, validBodies()[0] as WorstBody) as Call;
    const mebibytes = (await memoryOf(call, first)) - (valid.get(column) as Valid).memory;
    const bytes = Buffer.byteLength(call.body);
    rows.push([name, bytes.toLocaleString("en"), cell({ bytes, cpuRatio, mebibytes })]);
    console.error(rows.at(-1)?.join(": "));
  }
  return rows;
}

const peer = await startPeer("mdps-server.ts", [dataDirectory]);
try {
  const rows: Row[] = [...worstJson(), ...worstBinary()].map((body) => ({ body, costs: [] }));
  const valid = new Map<Column, Valid>();
  for (const column of columns) {
    valid.set(column, await measureValid(peer, column));
  }
  for (const [column, costs] of valid) {
    await measureColumn(peer, column, costs, rows);
  }
  const others = await measureOthers(peer, valid);
  const largest = [...valid.values()].map(
    ({ sizes, memory }) => `${((sizes.at(-1)?.micros ?? 0) / 1000).toFixed(1)} ms, ${memory.toFixed(0)} MiB`,
  );
  writeSection("worst-case", [
    ["body", "bytes", ...columns.map(({ name }) => name)],
    ["the largest valid create", "1,048,576", ...largest],
    ...rows.map(({ body, costs }) => [
      body.name,
      (costs.find((cost) => cost !== undefined)?.bytes ?? 0).toLocaleString("en"),
      ...costs.map(cell),
    ]),
  ]);
  writeSection("worst-case-others", [["request", "bytes", "cost"], ...others]);
} finally {
  await peer.stop();
  rmSync(dataDirectory, { recursive: true, force: true });
}
