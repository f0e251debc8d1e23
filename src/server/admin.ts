import { listen } from "./connections/listener.ts";
import { defaultLimits, type ServerLimits } from "./limits/server-limits.ts";
import { createPageHandler, createProbes, type Pages } from "./pages/probes.ts";
import type { Readiness } from "./readiness.ts";

/** Address of the admin port. */
export type AdminAddress = {
  host: string;
  /** 0 picks a free port. */
  port: number;
};

type AdminOptions = AdminAddress & {
  ready: Readiness;
  /** Returns the metrics in Prometheus' text format. */
  metrics: () => Promise<string>;
};

/** An open admin port. */
export type Admin = {
  readonly url: string;
  close(): Promise<void>;
};

/** Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/). */
const metricsType = "text/plain; version=0.0.4; charset=utf-8";

/** No request of the port needs a body, and a platform has few connections. */
const limits: ServerLimits = {
  ...defaultLimits,
  maxConnections: 128,
  headerTimeoutMs: 10_000,
  bodyTimeoutMs: 10_000,
  idleTimeoutMs: 5_000,
};

/**
 * Opens the port of `/livez`, `/readyz` and `/metrics`. It has no authentication and no TLS: use an address that only
 * the platform reaches. Its requests do not count against the limits on calls. Rejects with ListenError.
 */
export async function listenAdmin({ host, port, ready, metrics }: AdminOptions): Promise<Admin> {
  const pages: Pages = new Map([
    ...createProbes(ready, true),
    ["/metrics", async () => ({ status: 200, contentType: metricsType, text: await metrics() })],
  ]);
  const { url, close } = await listen({ host, port, section: "admin", limits }, createPageHandler(pages));
  return { url, close: () => close(0) };
}
