import { setTimeout } from "node:timers/promises";
import type { PlanStore } from "../store/plan-store.ts";
import type { Admin } from "./admin.ts";
import type { Listener } from "./connections/listener.ts";
import type { TlsPair } from "./connections/port.ts";
import type { OverloadGuard } from "./limits/overload.ts";
import type { Readiness } from "./readiness.ts";
import type { ServerMetrics } from "./telemetry/metrics.ts";
import type { ServerLog } from "./telemetry/request-log.ts";

/** A server that accepts requests. */
export type RunningServer = {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** URL of `/livez`, `/readyz` and `/metrics`; undefined without an admin port. */
  readonly adminUrl: string | undefined;
  readonly ready: Readiness;
  /** Undefined without an admin port, unless the server is a worker. */
  readonly metrics: ServerMetrics | undefined;
  /**
   * Uses another certificate for new connections; open connections are not affected. Rejects if it cannot be read or
   * used; the current one then stays in use.
   */
  reloadTls(read: () => Promise<TlsPair | undefined>): Promise<void>;
  /**
   * Stops: reports not ready, closes the port after the drain delay, lets running requests finish within the grace
   * period, then closes the store. May be called more than once.
   */
  close(): Promise<void>;
};

export type ServerParts = {
  listener: Listener;
  admin: Admin | undefined;
  ready: Readiness;
  store: PlanStore;
  overload: OverloadGuard;
  metrics: ServerMetrics | undefined;
  log: ServerLog | undefined;
  /** Aborted first: from then on the server is not ready. */
  stopping: AbortController;
  /** Aborted once no request runs that may still finish. */
  shutdown: AbortController;
  drainDelayMs: number;
  graceMs: number;
};

/** Returns the handle of a server whose parts all run. */
export function runningServer(parts: ServerParts): RunningServer {
  const { listener, admin, ready, store, overload, metrics, log, stopping, shutdown } = parts;
  const { drainDelayMs, graceMs } = parts;
  let closing: Promise<void> | undefined;

  async function close(): Promise<void> {
    log?.info("stopping", { drainDelayMs, graceMs });
    stopping.abort();
    listener.drain();
    if (drainDelayMs > 0) {
      await setTimeout(drainDelayMs);
    }
    await listener.close(graceMs);
    shutdown.abort();
    await store.close();
    overload.stop();
    // Last, so that health checks get "not ready" instead of no answer.
    await admin?.close();
    log?.info("stopped");
    log?.flush();
  }

  log?.info("listening", { url: listener.url, adminUrl: admin?.url });
  return {
    url: listener.url,
    adminUrl: admin?.url,
    ready,
    metrics,
    async reloadTls(read) {
      try {
        const tls = await read();
        if (tls === undefined) {
          throw new Error("no certificate is configured");
        }
        const notAfterMs = listener.reloadTls(tls);
        metrics?.tlsReloaded("loaded");
        log?.info("certificate loaded", { notAfter: new Date(notAfterMs).toISOString() });
      } catch (error) {
        metrics?.tlsReloaded("refused");
        log?.failure(error, "reading the certificate");
        throw error;
      }
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}
