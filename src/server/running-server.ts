import { X509Certificate } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type { PlanStore } from "../store/plan-store.ts";
import type { Admin } from "./admin.ts";
import type { Listener } from "./connections/listener.ts";
import type { TlsPair } from "./connections/port.ts";
import type { OverloadGuard } from "./limits/overload.ts";
import type { Readiness } from "./readiness.ts";
import type { ServerMetrics } from "./telemetry/metrics.ts";
import type { ServerLog } from "./telemetry/request-log.ts";

/** A server that takes requests. */
export type RunningServer = {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Where `/livez`, `/readyz` and `/metrics` are; undefined if there is no such port. */
  readonly adminUrl: string | undefined;
  readonly ready: Readiness;
  /** Undefined if nobody could ask for them. */
  readonly metrics: ServerMetrics | undefined;
  /**
   * Uses another certificate for new connections; those that are open go on. Rejects if it cannot be read or used, and
   * then keeps the old one.
   */
  reloadTls(read: () => Promise<TlsPair | undefined>): Promise<void>;
  /**
   * Stops: not ready from now on, after the drain delay no new connection, what runs is finished within the grace, then
   * the store is closed. Idempotent.
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
  /** Aborted first: from then on nothing is ready. */
  stopping: AbortController;
  /** Aborted when no request runs any more that may finish. */
  shutdown: AbortController;
  drainDelayMs: number;
  graceMs: number;
  /** Is told of each certificate that came into use. */
  onTls: (tls: TlsPair) => void;
};

/** Returns the handle of a server whose parts all run. */
export function runningServer(parts: ServerParts): RunningServer {
  const { listener, admin, store, overload, metrics, log, stopping, shutdown } = parts;
  let closing: Promise<void> | undefined;

  async function close(): Promise<void> {
    log?.info("stopping", { drainDelayMs: parts.drainDelayMs, graceMs: parts.graceMs });
    stopping.abort();
    listener.drain();
    if (parts.drainDelayMs > 0) {
      await setTimeout(parts.drainDelayMs);
    }
    await listener.close(parts.graceMs);
    shutdown.abort();
    await store.close();
    overload.stop();
    // Last, so that whoever asks is told "not ready" and not left without an answer.
    await admin?.close();
    log?.info("stopped");
    log?.flush();
  }

  log?.info("listening", { url: listener.url, adminUrl: admin?.url });
  return {
    url: listener.url,
    adminUrl: admin?.url,
    ready: parts.ready,
    metrics,
    async reloadTls(read) {
      try {
        const tls = await read();
        if (tls === undefined) {
          throw new Error("there is no certificate");
        }
        listener.reloadTls(tls);
        parts.onTls(tls);
        metrics?.tlsReloaded("loaded");
        log?.info("certificate loaded", { notAfter: new Date(notAfterMs(tls)).toISOString() });
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

/** Returns when a certificate ends, in ms since the epoch. */
export function notAfterMs({ cert }: TlsPair): number {
  return Date.parse(new X509Certificate(cert).validTo);
}
