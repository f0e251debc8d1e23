import { systemClock } from "../contract/clock.ts";
import { createRoutes } from "../services/routes.ts";
import { openStore } from "../store/open-store.ts";
import { listenAdmin } from "./admin.ts";
import { createRouterWithHandlers } from "./calls/handlers.ts";
import { createWarmRules } from "./calls/warm-rules.ts";
import { rejectCleartext } from "./cleartext.ts";
import { type Listener, listen } from "./connections/listener.ts";
import type { TlsPair } from "./connections/port.ts";
import { createOverloadGuard } from "./limits/overload.ts";
import { defaultLimits } from "./limits/server-limits.ts";
import { urlsOfListener } from "./pages/public-urls.ts";
import { createReadiness } from "./readiness.ts";
import { notAfterMs, type RunningServer, runningServer } from "./running-server.ts";
import type { ServerOptions } from "./server-options.ts";
import { createServerMetrics } from "./telemetry/metrics.ts";
import { createRequestObserver } from "./telemetry/observe-requests.ts";
import { observeStore, storeSystemOf } from "./telemetry/observed-store.ts";
import { createServerLog, type ServerLog } from "./telemetry/request-log.ts";
import { loadUserKeyHash } from "./telemetry/user-key-hash.ts";

export { CleartextError } from "./cleartext.ts";
export type { RunningServer } from "./running-server.ts";
export type { ServerOptions } from "./server-options.ts";

/**
 * Starts a server. Rejects with StoreOpenError, SigningKeyError, LogKeyError, ServiceAccountsError or CleartextError,
 * whose messages say what to do, or with the error of the system if a port cannot be opened.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  rejectCleartext(options);
  const { clock = systemClock, clockSkewMs = 60_000, drainDelayMs = 0, graceMs = 10_000 } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const storeUrl = options.store ?? `sqlite:${options.dataDirectory}`;
  const storeSystem = storeSystemOf(storeUrl);
  const stopping = new AbortController();
  const shutdown = new AbortController();
  const overload = createOverloadGuard(limits);
  let listener: Listener | undefined;
  let log: ServerLog | undefined;
  let tls: TlsPair | undefined = options.tls;
  const isAsked = options.admin !== undefined || options.worker !== undefined;
  const metrics = isAsked
    ? createServerMetrics({
        version: options.version ?? "unknown",
        storeSystem,
        state: () => ({
          requestsInFlight: overload.inFlight,
          connections: listener?.connections() ?? 0,
          connectionsLimit: limits.maxConnections,
          storeQueue: observed.waiting(),
          ready: async () => listener !== undefined && (await ready()) === undefined,
          logLinesDropped: log?.dropped() ?? 0,
          certificateNotAfterMs: tls && notAfterMs(tls),
        }),
      })
    : undefined;
  const opened = await openStore(storeUrl, {
    clock,
    cacheBytes: options.cacheBytes,
    onBatch: metrics?.batch,
    onSweep: metrics?.swept,
  });
  const observed = observeStore(opened, storeSystem, metrics);
  const { store } = observed;
  const ready = createReadiness(store, stopping.signal);
  try {
    if (options.log !== undefined && options.log.level !== "silent") {
      log = createServerLog(options.log, await loadUserKeyHash(options.dataDirectory));
    }
    const observe = createRequestObserver([
      ({ call }) => call.release?.(),
      ...(metrics ? [metrics.request] : []),
      ...(log ? [log.request] : []),
    ]);
    let publicUrls: readonly string[] = options.auth?.publicUrls ?? [];
    const routes = createRoutes({
      store,
      clock,
      clockSkewMs,
      rules: createWarmRules(),
      stopping: stopping.signal,
      reflection: options.reflection ?? true,
    });
    const handle = await createRouterWithHandlers({
      options: { ...options, clock },
      limits,
      routes,
      observe,
      overload,
      metrics,
      log,
      publicUrls: () => publicUrls,
      shutdownSignal: shutdown.signal,
    });
    const port = await listen(
      { ...options, limits, reusePort: options.worker?.reusePort, onRefused: metrics?.connectionRefused },
      handle,
    );
    listener = port;
    if (publicUrls.length === 0) {
      publicUrls = urlsOfListener(port.url);
    }
    const admin =
      options.admin &&
      (await listenAdmin({
        ...options.admin,
        ready,
        metrics: async () => (await metrics?.registry.metrics()) ?? "",
      }).catch(async (error) => {
        await port.close(0);
        throw error;
      }));
    return runningServer({
      listener: port,
      admin,
      ready,
      store,
      overload,
      metrics,
      log,
      stopping,
      shutdown,
      drainDelayMs,
      graceMs,
      onTls: (loaded) => {
        tls = loaded;
      },
    });
  } catch (error) {
    overload.stop();
    await opened.close();
    throw error;
  }
}
