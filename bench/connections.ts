/** Memory of a connection: idle, and with a call in flight. Each measurement is of a new server. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { makeToken } from "../src/cli/make-token.ts";
import type { Usage } from "./peers/report.ts";
import { openHttp1 } from "./support/http1-lanes.ts";
import { openHttp2 } from "./support/http2-lanes.ts";
import type { Lane, Load } from "./support/lane.ts";
import { measure, median } from "./support/load.ts";
import { grpcCreate, restCreate, userKeyOf } from "./support/loads.ts";
import { pin, type ScriptPeer, startPeer } from "./support/peer.ts";
import { writeSection } from "./support/report.ts";
import { quartiles } from "./support/rounds.ts";

const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const connections = Number(process.env.BENCH_CONNECTIONS ?? 3_000);
const warmUpSeconds = 4;

/** The user whose creates the server does not answer. Other loads rotate through fewer users. */
const heldUser = 99_999_999;

pin(process.pid, 1);
const dataDirectory = mkdtempSync(join(tmpdir(), "mdps-bench-"));
try {
  const token = await makeToken(dataDirectory, 65001, "push");
  const loads = [
    ["HTTP/1.1, REST", restCreate(token)],
    ["HTTP/2, gRPC", grpcCreate(token)],
  ] as const;
  const rows: string[][] = [];
  for (const [name, load] of loads) {
    const idle: Memory[] = [];
    const active: Memory[] = [];
    for (let round = 1; round <= rounds; round++) {
      const found = await measureConnections(load);
      idle.push(found.idle);
      active.push(found.active);
      console.error(`round ${round}: ${name}: ${JSON.stringify(found)}`);
    }
    rows.push([`${name}, idle`, ...columnsOf(idle)], [`${name}, one call in flight`, ...columnsOf(active)]);
  }
  writeSection("connections", [
    ["connection", "heap, KiB", "q1 to q3", "resident, KiB", "q1 to q3"],
    ...rows,
  ]);
} finally {
  rmSync(dataDirectory, { recursive: true, force: true });
}

/** Memory per connection in KiB. */
type Memory = { readonly heap: number; readonly resident: number };

async function measureConnections(load: Load): Promise<{ idle: Memory; active: Memory }> {
  const peer = await startPeer("held-calls.ts", [dataDirectory, userKeyOf(heldUser)]);
  try {
    await measure(peer, load, warmUpSeconds);
    const before = await peer.collect();
    const { lanes, close } =
      load.over === "http2"
        ? await openHttp2(peer.url, load, connections, 1)
        : await openHttp1(peer.url, load, connections);
    await callOnEach(lanes);
    const idle = perConnection(before, await peer.collect());
    for (const send of lanes) {
      // Rejects when the connection is closed below.
      send(heldUser).catch(() => undefined);
    }
    await held(peer);
    const active = perConnection(before, await peer.collect());
    close();
    return { idle, active };
  } finally {
    await peer.stop();
  }
}

/** Makes one call on each connection, some at a time, so that the server is not overloaded. */
async function callOnEach(lanes: readonly Lane[]): Promise<void> {
  for (let from = 0; from < lanes.length; from += 50) {
    await Promise.all(lanes.slice(from, from + 50).map((send, index) => send(from + index)));
  }
}

async function held(peer: ScriptPeer): Promise<void> {
  while ((await peer.usage()).heldCalls < connections) {
    await setTimeout(20);
  }
}

function perConnection(before: Usage, after: Usage): Memory {
  return {
    heap: (after.heapBytes - before.heapBytes) / connections / 1024,
    resident: (after.rssBytes - before.rssBytes) / connections / 1024,
  };
}

function columnsOf(memory: readonly Memory[]): string[] {
  return (["heap", "resident"] as const).flatMap((kind) => {
    const values = memory.map((each) => each[kind]);
    return [median(values).toFixed(1), quartiles(values, 1)];
  });
}
