import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { makeToken } from "../../src/cli/commands/token.ts";
import { startServer } from "../../src/server/server.ts";
import { createTranscodingHandler } from "../../src/transcoding/index.ts";
import { library } from "../transcoding/fixtures/library.ts";
import { librarySeeds, planSeeds, type Seed } from "./corpus.ts";
import { exchange, faultOf, parseResponses } from "./exchange.ts";
import { writeRequest } from "./mutate.ts";
import { createRandom, type Random } from "./random.ts";

export type FuzzOptions = {
  seed: number;
  /** How long to go on, in milliseconds. */
  budgetMs: number;
  /** How many connections to make at most. Defaults to a million. */
  mostConnections?: number;
};

/** What broke, and the bytes that broke it. */
export type Finding = { readonly fault: string; readonly target: string; readonly bytes: Buffer };

export type FuzzReport = {
  readonly connections: number;
  /** How often each status was answered: a run that only saw 404 tried nothing. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
};

/** A server to break. */
type Victim = {
  readonly name: string;
  readonly port: number;
  readonly seeds: readonly Seed[];
  authorization(seed: Seed): string | undefined;
  /** What the server took for its own mistakes. */
  readonly failures: unknown[];
  close(): Promise<void>;
};

/** No answer takes longer than this, unless the server hangs. */
const boundMs = 10_000;
/** A broken server breaks again and again; a few examples are enough. */
const mostFindings = 20;
const lanes = 8;

/** Throws spoiled requests at real servers until time or the number of connections is used up. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const findings: Finding[] = [];
  const statuses: Record<string, number> = {};
  let connections = 0;
  // What is under way, by lane: one of these is to blame for what nobody catches.
  const current = new Map<number, { target: string; bytes: Buffer }>();
  const onStray = (cause: unknown) => {
    const fault = `nobody caught: ${String((cause as Error)?.stack ?? cause)}`;
    const kind = (text: string) => text.split("\n", 1).join().replaceAll(/\d+/g, "");
    if (findings.some((known) => kind(known.fault) === kind(fault))) {
      return;
    }
    findings.push(...[...current.values()].map((sent) => ({ ...sent, fault })));
  };
  process.on("uncaughtException", onStray);
  process.on("unhandledRejection", onStray);
  // Node warns where, say, a time-out is too long for a timer, which then fires at once.
  process.on("warning", onStray);
  const victims = [await serveLibrary(), await servePlans()];
  const deadline = performance.now() + options.budgetMs;

  const attack = async (random: Random, lane: number) => {
    while (
      performance.now() < deadline &&
      connections < (options.mostConnections ?? 1_000_000) &&
      findings.length < mostFindings
    ) {
      connections += 1;
      const victim = random.pick(victims);
      // Several requests on one connection are pipelined: each is written before the answer to the last one.
      const requests = Array.from({ length: random.below(4) === 0 ? 2 + random.below(3) : 1 }, () =>
        writeFor(victim, random),
      );
      const bytes = Buffer.concat(requests);
      current.set(lane, { target: victim.name, bytes });
      const known = victim.failures.length;
      const { received, closed } = await exchange(victim.port, bytes, boundMs);
      const { responses, fault } = parseResponses(received);
      for (const { status } of responses) {
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
      const faults = [
        closed ? undefined : `no end after ${boundMs} ms`,
        fault,
        ...responses.map((response) => faultOf(response, /-timeout(-ms)?:/i.test(bytes.toString("latin1")))),
        ...victim.failures
          .slice(known)
          .map((cause) => `the server failed: ${(cause as Error)?.stack ?? cause}`),
      ];
      for (const each of faults) {
        if (each !== undefined) {
          findings.push({ fault: each, target: victim.name, bytes });
        }
      }
    }
  };

  try {
    // Each lane has its own numbers, so that what it sends does not hang on how fast the others are.
    await Promise.all(
      Array.from({ length: lanes }, (_, lane) => attack(createRandom(options.seed + lane), lane)),
    );
  } finally {
    await Promise.all(victims.map((victim) => victim.close()));
    process.off("uncaughtException", onStray);
    process.off("unhandledRejection", onStray);
    process.off("warning", onStray);
  }
  return { connections, statuses, findings: findings.slice(0, mostFindings) };
}

function writeFor(victim: Victim, random: Random): Buffer {
  const seed = random.pick(victim.seeds);
  return writeRequest(seed, victim.authorization(seed), random);
}

async function serveLibrary(): Promise<Victim> {
  const failures: unknown[] = [];
  const handler = createTranscodingHandler({
    routes(router) {
      for (const method of library.methods) {
        if (method.methodKind === "unary") {
          // Echoes what can be echoed: whatever was read must also be writable.
          const answer = (request: unknown) =>
            method.input === method.output ? request : create(method.output);
          router.rpc(method, answer as never);
        }
      }
    },
    errorDomain: "library",
    onFailure: (cause) => failures.push(cause),
  });
  const server = createServer(handler);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    name: "library",
    port: (server.address() as AddressInfo).port,
    seeds: librarySeeds,
    authorization: () => undefined,
    failures,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function servePlans(): Promise<Victim> {
  const directory = await mkdtemp(join(tmpdir(), "mdps-fuzz-"));
  const failures: unknown[] = [];
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    dataDirectory: directory,
    graceMs: 100,
    logFailure: (cause) => failures.push(cause),
  });
  const [push, read] = await Promise.all([false, true].map((reads) => makeToken(directory, 65001, reads)));
  return {
    name: "data plans",
    port: Number(new URL(server.url).port),
    seeds: planSeeds,
    authorization: ({ method }) => `Bearer ${method === "GET" ? read : push}`,
    failures,
    async close() {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
