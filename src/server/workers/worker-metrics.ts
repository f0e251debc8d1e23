import { Counter, Registry } from "prom-client";

/** Metrics of the primary, which serves no calls itself. */
export type WorkerMetrics = { readonly registry: Registry; restarted(): void };

/** Creates the metrics of a primary. */
export function createWorkerMetrics(): WorkerMetrics {
  const registry = new Registry();
  const restarts = new Counter({
    name: "mdps_worker_restarts_total",
    help: "Workers that were replaced because they died",
    registers: [registry],
  });
  return { registry, restarted: () => restarts.inc() };
}
