import process from "node:process";
import { createLeasedRates, type OperatorRates } from "../limits/operator-rates.ts";
import type { ServerLimits } from "../limits/server-limits.ts";
import type { RunningServer } from "../server.ts";
import { type Channel, openChannel } from "./channel.ts";
import { canReusePort } from "./shared-port.ts";

/** What a worker does at the request of its primary. */
export type WorkerDuties = {
  server: RunningServer;
  /** Reloads the certificate. Rejects if it cannot be used. */
  reload(): Promise<void>;
};

/** One of several processes that share a port, while it starts. */
export type Worker = {
  /** Rates that all processes share. */
  readonly rates: OperatorRates;
  readonly reusePort: boolean;
  /** Resolves with the port of all processes; 0 if this is the first one and may pick it. */
  port(): Promise<number>;
  /** Reports to the primary that the server listens and serves its requests. Resolves when the primary requests a stop. */
  run(duties: WorkerDuties): Promise<void>;
};

/**
 * Joins the primary that started this process; if the primary dies, node:cluster ends this process. Signals are ignored
 * here: terminals and systemd send them to all processes at once, and the primary decides when workers stop.
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
    port: () => channel.request("port"),
    rates: createLeasedRates(limits, (asn, most) => channel.request("lease", { asn, most })),
    async run(given) {
      duties = given;
      await channel.request("listening", { url: given.server.url });
      await stopped.promise;
    },
  };
}
