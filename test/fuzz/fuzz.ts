import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { makeToken } from "../../src/cli/make-token.ts";
import { startServer } from "../../src/server/server.ts";
import { createTranscodingHandler } from "../../src/transcoding/index.ts";
import { library } from "../transcoding/fixtures/library.ts";
import { librarySeeds, planSeeds, type Seed } from "./corpus.ts";
import { exchange, parseResponses, problemOf } from "./exchange.ts";
import { writeRequest } from "./mutate.ts";
import { createRandom, type Random } from "./random.ts";

export type FuzzOptions = {
  seed: number;
  /** Time limit in milliseconds. Defaults to none. */
  budgetMs?: number;
  /** Connections per worker. Defaults to no limit. */
  connectionsPerWorker?: number;
};

/** A problem, and the bytes that caused it. */
export type Finding = { readonly problem: string; readonly target: string; readonly bytes: Buffer };

export type FuzzReport = {
  readonly connections: number;
  /** Number of responses by status: a run that only got 404 tested nothing. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
};

/** A server under test. */
type Target = {
  readonly name: string;
  readonly port: number;
  readonly seeds: readonly Seed[];
  authorization(seed: Seed): string | undefined;
  /** Unexpected errors that the server reported. */
  readonly failures: unknown[];
  close(): Promise<void>;
};

/** Time after which a server counts as hanging. */
const timeoutMs = 10_000;
/** A broken server breaks repeatedly; a few examples are enough. */
const maxFindings = 20;
const workers = 8;

/** Sends mutated requests to real servers until a limit is reached. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const {
    seed,
    budgetMs = Number.POSITIVE_INFINITY,
    connectionsPerWorker = Number.POSITIVE_INFINITY,
  } = options;
  const findings: Finding[] = [];
  const statuses: Record<string, number> = {};
  let connections = 0;
  // In-flight requests by worker: one of them causes an uncaught error.
  const inFlight = new Map<number, { target: string; bytes: Buffer }>();
  const onUncaught = (cause: unknown) => {
    const problem = `uncaught: ${String((cause as Error)?.stack ?? cause)}`;
    const kind = (text: string) => text.split("\n", 1).join().replaceAll(/\d+/g, "");
    if (!findings.some((known) => kind(known.problem) === kind(problem))) {
      findings.push(...[...inFlight.values()].map((sent) => ({ ...sent, problem })));
    }
  };
  // Node warns, for example, if a timeout is too long for a timer, which then fires immediately.
  const events = ["uncaughtException", "unhandledRejection", "warning"];
  for (const event of events) {
    process.on(event, onUncaught);
  }
  const targets = [await serveLibrary(), await servePlans()];
  const deadline = performance.now() + budgetMs;

  async function attack(worker: number): Promise<void> {
    // Own numbers per worker, so that what a worker sends does not depend on the speed of the others.
    const random = createRandom(seed + worker);
    for (let sent = 0; sent < connectionsPerWorker; sent += 1) {
      if (performance.now() >= deadline || findings.length >= maxFindings) {
        return;
      }
      connections += 1;
      const target = random.pick(targets);
      // Several requests on one connection are pipelined.
      const requests = Array.from({ length: random.below(4) === 0 ? 2 + random.below(3) : 1 }, () =>
        writeFor(target, random),
      );
      const bytes = Buffer.concat(requests);
      inFlight.set(worker, { target: target.name, bytes });
      const known = target.failures.length;
      const { received, closed } = await exchange(target.port, bytes, timeoutMs);
      const { responses, problem } = parseResponses(received);
      for (const { status } of responses) {
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
      const hasDeadline = /-timeout(-ms)?:/i.test(bytes.toString("latin1"));
      const problems = [
        closed ? undefined : `no end after ${timeoutMs} ms`,
        problem,
        ...responses.map((response) => problemOf(response, hasDeadline)),
        ...target.failures
          .slice(known)
          .map((cause) => `the server failed: ${(cause as Error)?.stack ?? cause}`),
      ].filter((each) => each !== undefined);
      findings.push(...problems.map((each) => ({ problem: each, target: target.name, bytes })));
    }
  }

  try {
    await Promise.all(Array.from({ length: workers }, (_, worker) => attack(worker)));
  } finally {
    await Promise.all(targets.map((target) => target.close()));
    for (const event of events) {
      process.off(event, onUncaught);
    }
  }
  return { connections, statuses, findings: findings.slice(0, maxFindings) };
}

function writeFor(target: Target, random: Random): Buffer {
  const seed = random.pick(target.seeds);
  return writeRequest(seed, target.authorization(seed), random);
}

async function serveLibrary(): Promise<Target> {
  const failures: unknown[] = [];
  const handler = createTranscodingHandler({
    routes(router) {
      for (const method of library.methods) {
        if (method.methodKind === "unary") {
          // Echoes the request if possible: what was read must also be writable.
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

async function servePlans(): Promise<Target> {
  const directory = await mkdtemp(join(tmpdir(), "mdps-fuzz-"));
  const failures: unknown[] = [];
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    dataDirectory: directory,
    graceMs: 100,
    logFailure: (cause) => failures.push(cause),
  });
  const [push, read] = await Promise.all(
    (["push", "read"] as const).map((access) => makeToken(directory, 65001, access)),
  );
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
