import { Counter, Registry } from "prom-client";

/** What the first of several processes counts, which serves no call itself. */
export type WorkerMetrics = { readonly registry: Registry; restarted(): void };

/** Creates the metrics of a primary. */
export function createWorkerMetrics(): WorkerMetrics {
  const registry = new Registry();
  const restarts = new Counter({
    name: "mdps_worker_restarts_total",
    help: "Workers that were replaced because they had died",
    registers: [registry],
  });
  return { registry, restarted: () => restarts.inc() };
}
