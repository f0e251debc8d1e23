import process from "node:process";
import { createLeasedRates, type OperatorRates } from "../limits/operator-rates.ts";
import type { ServerLimits } from "../limits/server-limits.ts";
import type { RunningServer } from "../running-server.ts";
import { type Channel, openChannel } from "./channel.ts";
import { canReusePort } from "./shared-port.ts";

/** What a worker process does when its primary says so. */
export type WorkerDuties = {
  server: RunningServer;
  /** Reads the certificate again. Rejects if it cannot be used. */
  reload(): Promise<void>;
};

/** One of several processes that share a port, on its way up. */
export type Worker = {
  /** Rates that hold for all processes together. */
  readonly rates: OperatorRates;
  readonly reusePort: boolean;
  /** Resolves with the port that all processes listen to; 0 in the first one, if it may pick one. */
  port(): Promise<number>;
  /** Tells the primary that the server listens, and from then on does what it says. Resolves when told to stop. */
  run(duties: WorkerDuties): Promise<void>;
};

/**
 * Joins the primary that started this process. When that dies, node:cluster ends this one too. Signals are the primary's to take: a terminal, and systemd, send them to
 * all processes at once, and each would stop by itself.
 */
export function joinPrimary(limits: Pick<ServerLimits, "operatorRate" | "operatorRates">): Worker {
  const stopped = Promise.withResolvers<void>();
  let duties: WorkerDuties | undefined;
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => undefined);
  }
  const channel: Channel = openChannel(process, {
    stop: () => stopped.resolve(),
    reload: () => duties?.reload(),
    ready: () => duties?.server.ready() ?? "the server is starting",
    metrics: () => duties?.server.metrics?.registry.getMetricsAsJSON() ?? [],
  });
  return {
    reusePort: canReusePort,
    port: () => channel.ask("port"),
    rates: createLeasedRates(limits, (asn, most) => channel.ask("lease", { asn, most })),
    async run(given) {
      duties = given;
      await channel.ask("listening", { url: given.server.url });
      await stopped.promise;
    },
  };
}
