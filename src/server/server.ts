import "../contract/require-node.ts";

import { setTimeout } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { createTokenSigner } from "../auth/authentication.ts";
import { systemClock } from "../contract/clock.ts";
import { watchDirectory } from "../contract/watched-directory.ts";
import { type ContractRules, sharedContractRules } from "../plans/contract-rules.ts";
import { createTolerantRules } from "../plans/undefined-enums.ts";
import { contractServices, createRoutes } from "../services/routes.ts";
import { openStore, rejectMemoryStore } from "../store/open-store.ts";
import { type Admin, listenAdmin } from "./admin.ts";
import { createClientAddress, createProxyCheck } from "./calls/client-address.ts";
import { createHandlers } from "./calls/handlers.ts";
import { createRouter } from "./calls/router.ts";
import { rejectCleartext } from "./cleartext.ts";
import { type Listener, listen } from "./connections/listener.ts";
import type { TlsPair } from "./connections/port.ts";
import { connectionsWithin, openFilesLimit } from "./limits/open-files.ts";
import { createOverloadGuard } from "./limits/overload.ts";
import { defaultLimits } from "./limits/server-limits.ts";
import { createPublicUrls } from "./pages/public-urls.ts";
import { createReadiness, type Readiness } from "./readiness.ts";
import type { ServerHooks } from "./server-extension.ts";
import type { ServerOptions } from "./server-options.ts";
import { factsOf } from "./telemetry/call-facts.ts";
import type { CallSummary } from "./telemetry/call-summary.ts";
import { createServerMetrics, type ServerMetrics } from "./telemetry/metrics.ts";
import { createRequestObserver } from "./telemetry/observe-requests.ts";
import { observeStore, storeSystemOf } from "./telemetry/observed-store.ts";
import { createServerLog } from "./telemetry/request-log.ts";
import { createUnknownFieldsLog } from "./telemetry/unknown-fields-log.ts";
import { loadUserKeyHash } from "./telemetry/user-key-hash.ts";

export { CleartextError } from "./cleartext.ts";
export type { ServerOptions } from "./server-options.ts";

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

/**
 * Starts a server. Rejects with StoreOpenError, SigningKeyError, LogKeyError, ServiceAccountsError, CleartextError or
 * ListenError, whose messages say what is wrong.
 *
 * ```ts
 * const server = await startServer({ host: "127.0.0.1", port: 8080, dataDirectory: "/var/lib/mdps" });
 * await server.close();
 * ```
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  rejectCleartext(options);
  const closers: Closers = [];
  try {
    return await connectParts(options, await buildParts(options, closers), closers);
  } catch (error) {
    for (const close of closers.reverse()) {
      await close();
    }
    throw error;
  }
}

/** Functions that close the opened parts, in the order of opening. */
type Closers = (() => unknown)[];

/** Builds the parts of a server that do not need a port. */
async function buildParts(options: ServerOptions, closers: Closers) {
  const { clock = systemClock, dataDirectory, admin, worker, version = "unknown", cacheBytes } = options;
  const configured = { ...defaultLimits, ...options.limits };
  const openFiles = openFilesLimit();
  const limits = { ...configured, maxConnections: connectionsWithin(openFiles, configured.maxConnections) };
  const stopping = new AbortController();
  const overload = createOverloadGuard(limits);
  closers.push(overload.stop);
  const storeUrl = options.store ?? `sqlite:${dataDirectory}`;
  if (!options.extension) {
    rejectMemoryStore(storeUrl);
  }
  const storeSystem = storeSystemOf(storeUrl);
  const metrics = admin || worker ? createServerMetrics(version, storeSystem) : undefined;
  const opened = await openStore(storeUrl, {
    clock,
    keepExpired: options.extension !== undefined,
    cacheBytes,
    onBatch: metrics?.batch,
    onSweep: metrics?.swept,
  });
  closers.push(() => opened.close());
  const { store, waiting } = observeStore(opened, storeSystem, metrics);
  const log =
    options.log === undefined || options.log.level === "silent"
      ? undefined
      : createServerLog(options.log, await loadUserKeyHash(dataDirectory));
  if (limits.maxConnections < configured.maxConnections) {
    log?.warn(
      `the limit on open files (ulimit -n) is ${openFiles}: the process accepts ${limits.maxConnections} connections instead of ${configured.maxConnections}; raise it, such as with LimitNOFILE in systemd or --ulimit of the container engine, or lower limits.maxConnections`,
    );
  }
  return {
    clock,
    limits,
    /** Aborted first: from then on the server is not ready. */
    stopping,
    /** Aborted once no request runs that may still finish. */
    shutdown: new AbortController(),
    overload,
    metrics,
    store,
    waitingPuts: waiting,
    ready: createReadiness(store, stopping.signal, watchDirectory(dataDirectory)),
    log,
    publicUrls: createPublicUrls(options.auth?.publicUrls),
  };
}

type Parts = Awaited<ReturnType<typeof buildParts>>;

/** Connects the parts with the services, and opens the ports. */
async function connectParts(options: ServerOptions, parts: Parts, closers: Closers): Promise<RunningServer> {
  const { clock, limits, stopping, overload, metrics, store, ready, log, publicUrls } = parts;
  const ignoreUnknownFields = (options.unknownFields ?? "refuse") !== "refuse";
  const onUnknownField =
    options.unknownFields === "warn" ? createUnknownFieldsLog(log?.warn ?? console.warn) : undefined;
  const rules = options.extension?.compilesRulesLate ? sharedContractRules() : warmRules();
  const deps = {
    store,
    clock,
    clockSkewMs: options.clockSkewMs ?? 60_000,
    rules: ignoreUnknownFields ? createTolerantRules(rules, onUnknownField) : rules,
    stopping: stopping.signal,
  };
  const hooks = await options.extension?.connect({
    ...deps,
    signToken: await createTokenSigner(options.dataDirectory, clock),
  });
  const isProxy = createProxyCheck(options.trustedProxies);
  const observe = createRequestObserver(
    [
      freePlace,
      ...(metrics ? [metrics.request] : []),
      ...(log ? [log.request] : []),
      ...(hooks ? [hooks.ended] : []),
    ],
    createClientAddress(isProxy),
  );
  const routes = createRoutes({
    ...deps,
    isReachable: hooks?.isReachable,
    ready,
    reflection: options.reflection ?? true,
    extraServices: hooks?.services,
  });
  const handlers = await createHandlers({
    options: { ...options, clock },
    reading: { ignoreUnknownFields, onUnknownField },
    limits,
    routes,
    overload,
    metrics,
    log,
    publicUrls: publicUrls.current,
    shutdownSignal: parts.shutdown.signal,
    ready,
    hooks,
  });
  const listener = await listen(
    {
      ...options,
      limits,
      isProxy,
      hasPlace: (request) => factsOf(request)?.release !== undefined,
      reusePort: options.worker?.reusePort,
      onRejected: metrics?.connectionRejected,
    },
    createRouter(handlers, observe, overload, hooks?.received),
  );
  closers.push(() => listener.close(0));
  publicUrls.listeningAt(listener.url);
  metrics?.watch(() => ({
    requestsInFlight: overload.inFlight,
    connections: listener.connections(),
    connectionsLimit: limits.maxConnections,
    storeQueue: parts.waitingPuts(),
    ready: async () => (await ready()) === undefined,
    logLinesDropped: log?.dropped() ?? 0,
    certificateNotAfterMs: listener.certificateNotAfterMs(),
  }));
  const admin =
    options.admin &&
    (await listenAdmin({
      ...options.admin,
      ready,
      metrics: async () => (await metrics?.registry.metrics()) ?? "",
    }));
  return runningServer({ options, parts, listener, admin, hooks });
}

/** Returns the handle of a server whose parts all run. */
function runningServer({
  options,
  parts,
  listener,
  admin,
  hooks,
}: {
  options: ServerOptions;
  parts: Parts;
  listener: Listener;
  admin: Admin | undefined;
  hooks: ServerHooks | undefined;
}): RunningServer {
  const { ready, store, overload, metrics, log, stopping, shutdown } = parts;
  const { drainDelayMs = 0, graceMs = 10_000 } = options;
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
    try {
      await hooks?.stopped?.();
    } finally {
      await store.close();
      overload.stop();
      // Last, so that health checks get "not ready" instead of no answer.
      await admin?.close();
      log?.info("stopped");
      await log?.flush();
    }
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

/** Frees the place of a call that has been answered. Its client may keep the request open. */
function freePlace({ call }: CallSummary): void {
  call.release?.();
  call.release = undefined;
}

let isWarm = false;

/** Returns the rules of the contract with those of every request compiled, once per process: no caller waits for it. */
function warmRules(): ContractRules {
  const rules = sharedContractRules();
  if (!isWarm) {
    for (const { input } of contractServices.flatMap(({ methods }) => methods)) {
      rules(input, create(input));
    }
    isWarm = true;
  }
  return rules;
}
