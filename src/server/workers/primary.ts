import cluster, { type Worker } from "node:cluster";
import { AggregatorRegistry } from "prom-client";
import { type Admin, type AdminAddress, listenAdmin } from "../admin.ts";
import { createLease } from "../limits/operator-rates.ts";
import type { ServerLimits } from "../limits/server-limits.ts";
import type { ServerLog } from "../telemetry/request-log.ts";
import { type Channel, openChannel } from "./channel.ts";
import { createRestarts } from "./restarts.ts";
import { canReusePort, requireFreePort } from "./shared-port.ts";
import { createWorkerMetrics } from "./worker-metrics.ts";

export type PrimaryOptions = {
  /** Where the workers listen; port 0 lets the first of them pick a free one. */
  host: string;
  port: number;
  /** How many processes serve. */
  workers: number;
  limits: Pick<ServerLimits, "operatorRate" | "operatorRates">;
  admin: AdminAddress | undefined;
  log: ServerLog | undefined;
  /** How long a worker may take to stop before it is killed, in ms. */
  stopWithinMs: number;
};

/** Several processes that serve one port. */
export type RunningWorkers = {
  readonly url: string;
  readonly adminUrl: string | undefined;
  /** Lets every worker read the certificate again. Rejects if one of them could not use it. */
  reload(): Promise<void>;
  /** Stops all workers, each as a single server stops. Idempotent. */
  close(): Promise<void>;
};

/** Raised when the first worker does not come up; it has said why. */
export class WorkerStartError extends Error {
  override readonly name = "WorkerStartError";
}

type Member = {
  readonly worker: Worker;
  readonly channel: Channel;
  /** Whether it ever served: the death of one that did is no fault of how the program was started. */
  served: boolean;
};

/**
 * Starts this program again as so many workers, which share the port through this process, and replaces those that die.
 * The first one is alone until it serves, so that a store is made or migrated once and a fault is told once. Rejects with
 * WorkerStartError, or with the error of the system if the admin port cannot be opened.
 */
export async function startWorkers(options: PrimaryOptions): Promise<RunningWorkers> {
  const { workers, limits, log } = options;
  const members = new Set<Member>();
  const lease = createLease(limits);
  const own = createWorkerMetrics();
  const pause = createRestarts();
  let { port } = options;
  let stopping = false;

  /** Starts a worker. Resolves with its URL when it listens. */
  function start(): Promise<string> {
    const listening = Promise.withResolvers<string>();
    const worker = cluster.fork();
    const channel = openChannel(worker, {
      listening: ({ url }: { url: string }) => listening.resolve(url),
      port: () => port,
      lease: ({ asn, most }: { asn: number; most: number }) => lease(asn, most),
    });
    const member: Member = { worker, channel, served: false };
    members.add(member);
    worker.once("exit", (code, signal) => {
      members.delete(member);
      channel.end();
      listening.reject(
        new WorkerStartError(`a worker ended before it served (${signal ?? `status ${code}`})`),
      );
      if (!stopping && member.served) {
        log?.warn("a worker died and is replaced", { worker: worker.process.pid, code, signal });
        own.restarted();
        pause.next(startAgain);
      }
    });
    return listening.promise.then((url) => {
      member.served = true;
      return url;
    });
  }

  function startAgain(): void {
    if (!stopping) {
      start().catch((error: Error) => {
        log?.failure(error, "starting a worker");
        pause.next(startAgain);
      });
    }
  }

  async function ready(): Promise<string | undefined> {
    if (stopping) {
      return "the server is stopping";
    }
    const answers = await Promise.all(
      [...members].map(({ channel }) =>
        channel.ask<string | undefined>("ready").catch((error: Error) => error.message),
      ),
    );
    // One that serves is enough: it gets what the others would.
    return answers.length > 0 && answers.includes(undefined) ? undefined : (answers[0] ?? "no worker runs");
  }

  async function metrics(): Promise<string> {
    const all = await Promise.all(
      [...members].map(({ channel }) => channel.ask<object>("metrics").catch(() => [])),
    );
    return `${await AggregatorRegistry.aggregate(all as object[]).metrics()}\n${await own.registry.metrics()}`;
  }

  async function stop(): Promise<void> {
    stopping = true;
    pause.stop();
    const gone = [...members].map(
      ({ worker }) => new Promise<void>((resolve) => worker.once("exit", () => resolve())),
    );
    for (const { channel } of members) {
      channel.ask("stop").catch(() => undefined);
    }
    const kill = setTimeout(() => {
      for (const { worker } of members) {
        worker.process.kill("SIGKILL");
      }
    }, options.stopWithinMs);
    await Promise.all(gone);
    clearTimeout(kill);
    await admin?.close();
    log?.info("stopped");
    log?.flush();
  }

  let admin: Admin | undefined;
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= stop();
    return closing;
  };
  try {
    if (canReusePort && port !== 0) {
      await requireFreePort(options.host, port);
    }
    const url = await start();
    // A URL does not name the port that is its scheme's own.
    port ||= Number(new URL(url).port);
    admin = options.admin && (await listenAdmin({ ...options.admin, ready, metrics }));
    await Promise.all(Array.from({ length: workers - 1 }, start));
    log?.info("listening", { url, adminUrl: admin?.url, workers });
    return {
      url,
      adminUrl: admin?.url,
      async reload() {
        await Promise.all([...members].map(({ channel }) => channel.ask("reload")));
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
