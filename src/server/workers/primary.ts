import cluster, { type Worker } from "node:cluster";
import { AggregatorRegistry, Counter, Registry } from "prom-client";
import { type Admin, type AdminAddress, listenAdmin } from "../admin.ts";
import { createLease } from "../limits/operator-rates.ts";
import type { ServerLimits } from "../limits/server-limits.ts";
import type { ServerLog } from "../telemetry/request-log.ts";
import { type Channel, openChannel } from "./channel.ts";
import { createRestarts } from "./restarts.ts";
import { canReusePort, requireFreePort } from "./shared-port.ts";
import { WorkerStartError } from "./start-error.ts";

export type PrimaryOptions = {
  /** Address of the workers; with port 0 the first worker picks a free one. */
  host: string;
  port: number;
  /** Number of worker processes. */
  workers: number;
  limits: Pick<ServerLimits, "operatorRate" | "operatorRates">;
  admin: AdminAddress | undefined;
  log: ServerLog | undefined;
  /** How long a worker may take to stop before it is killed, in ms. */
  stopWithinMs: number;
};

/** Several worker processes that share one port. */
export type RunningWorkers = {
  readonly url: string;
  readonly adminUrl: string | undefined;
  /** Reloads the certificate in every worker. Rejects if one of them cannot use it. */
  reload(): Promise<void>;
  /** Stops all workers, each like a single server. May be called more than once. */
  close(): Promise<void>;
};

/** Creates the metrics of the primary, which serves no calls itself. */
export function createPrimaryMetrics() {
  const registry = new Registry();
  const restarts = new Counter({
    name: "mdps_worker_restarts_total",
    help: "Workers that were replaced because they died",
    registers: [registry],
  });
  return { registry, restarted: () => restarts.inc() };
}

type Member = {
  readonly worker: Worker;
  readonly channel: Channel;
  /** Whether it has served: one that has not is not replaced, because the program was started wrongly. */
  served: boolean;
};

/**
 * Starts this program as several workers that share a port, and replaces those that die. The first worker starts alone,
 * so that the store is created or migrated once and an error is reported once. Rejects with WorkerStartError, or with
 * ListenError if a port cannot be opened.
 */
export async function startWorkers(options: PrimaryOptions): Promise<RunningWorkers> {
  const { workers, limits, log } = options;
  const members = new Set<Member>();
  const lease = createLease(limits);
  const own = createPrimaryMetrics();
  const restarts = createRestarts();
  let { port } = options;
  let stopping = false;

  /** Starts a worker. Resolves with its URL once it listens. */
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
        new WorkerStartError(`a worker exited before it was ready (${signal ?? `status ${code}`})`),
      );
      if (!stopping && member.served) {
        log?.warn("worker died, starting another", { worker: worker.process.pid, code, signal });
        own.restarted();
        restarts.next(startAgain);
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
        restarts.next(startAgain);
      });
    }
  }

  async function ready(): Promise<string | undefined> {
    if (stopping) {
      return "the server is stopping";
    }
    const answers = await Promise.all(
      [...members].map(({ channel }) =>
        channel.request<string | undefined>("ready").catch((error: Error) => error.message),
      ),
    );
    // One ready worker is enough: it receives the connections.
    return answers.length > 0 && answers.includes(undefined)
      ? undefined
      : (answers[0] ?? "no worker is running");
  }

  async function metrics(): Promise<string> {
    const all = await Promise.all(
      [...members].map(({ channel }) => channel.request<object>("metrics").catch(() => [])),
    );
    return `${await AggregatorRegistry.aggregate(all as object[]).metrics()}\n${await own.registry.metrics()}`;
  }

  async function stop(): Promise<void> {
    stopping = true;
    restarts.stop();
    const gone = [...members].map(
      ({ worker }) => new Promise<void>((resolve) => worker.once("exit", () => resolve())),
    );
    for (const { channel } of members) {
      channel.request("stop").catch(() => undefined);
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
    await log?.flush();
  }

  let admin: Admin | undefined;
  let closing: Promise<void> | undefined;
  function close(): Promise<void> {
    closing ??= stop();
    return closing;
  }
  try {
    if (canReusePort && port !== 0) {
      await requireFreePort(options.host, port);
    }
    const url = await start();
    // A URL omits the default port of its scheme.
    port ||= Number(new URL(url).port);
    admin = options.admin && (await listenAdmin({ ...options.admin, ready, metrics }));
    await Promise.all(Array.from({ length: workers - 1 }, start));
    log?.info("listening", { url, adminUrl: admin?.url, workers });
    return {
      url,
      adminUrl: admin?.url,
      async reload() {
        await Promise.all([...members].map(({ channel }) => channel.request("reload")));
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
