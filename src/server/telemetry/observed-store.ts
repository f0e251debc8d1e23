import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { PlanStore } from "../../store/plan-store.ts";
import type { ServerMetrics } from "./metrics.ts";
import { registeredTracer } from "./request-tracing.ts";

/**
 * Wraps a store so that each operation is measured and, with an OpenTelemetry SDK, traced within the span of its request.
 * `waiting` returns the number of puts that the store has not answered yet.
 */
export function observeStore(store: PlanStore, system: string, metrics: ServerMetrics | undefined) {
  let waitingPuts = 0;

  async function observed<Result>(
    operation: "put" | "get" | "health",
    call: () => Promise<Result>,
  ): Promise<Result> {
    const startedAt = performance.now();
    const span = registeredTracer()?.startSpan(`${operation} record`, {
      kind: SpanKind.CLIENT,
      attributes: { "db.system.name": system, "db.operation.name": operation },
    });
    let errorType: string | undefined;
    waitingPuts += operation === "put" ? 1 : 0;
    try {
      return await (span === undefined ? call() : context.with(trace.setSpan(context.active(), span), call));
    } catch (error) {
      errorType = error instanceof Error ? error.name : "unknown";
      // Without the message: that of a database may contain values of the record.
      span?.setAttribute("error.type", errorType);
      span?.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      waitingPuts -= operation === "put" ? 1 : 0;
      span?.end();
      metrics?.storeCall(operation, (performance.now() - startedAt) / 1000, errorType);
    }
  }

  return {
    waiting: () => waitingPuts,
    store: {
      ...store,
      put: (record, signal) => observed("put", () => store.put(record, signal)),
      get: (key, signal) => observed("get", () => store.get(key, signal)),
      health: () => observed("health", () => store.health()),
    } satisfies PlanStore,
  };
}

/** Returns the `db.system.name` for the URL of a store. */
export function storeSystemOf(url: string): string {
  const scheme = /^[a-z]+/.exec(url)?.[0] ?? "";
  return { postgres: "postgresql", cql: "cassandra" }[scheme] ?? scheme;
}
