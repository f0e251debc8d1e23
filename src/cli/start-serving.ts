import cluster from "node:cluster";
import packageJson from "../../package.json" with { type: "json" };
import type { ResolvedConfig } from "../config/resolve.ts";
import { type RunningServer, startServer } from "../server/server.ts";
import { createServerLog } from "../server/telemetry/request-log.ts";
import { startWorkers } from "../server/workers/primary.ts";
import { joinPrimary } from "../server/workers/worker.ts";
import { readIntrospectionSecret, readTls } from "./options/server-secrets.ts";
import { type ServerSettings, serverSettings } from "./options/server-settings.ts";
import { unreachableEntries } from "./unreachable-entries.ts";

/** A running server of one or several processes. */
export type Serving = {
  readonly url: string;
  readonly adminUrl: string | undefined;
  /** Reloads the certificate. Rejects if it is invalid. */
  reload(): Promise<void>;
  close(): Promise<void>;
};

/** Time after the grace period before a worker is killed, in ms. */
const killAfterMs = 5_000;

/**
 * Starts the server of a configuration. In a worker process it never resolves: it serves until the primary stops it and
 * then ends the process.
 */
export async function startServing(resolved: ResolvedConfig): Promise<Serving> {
  const settings = serverSettings(resolved.config);
  if (cluster.isWorker) {
    return serveAsWorker(resolved, settings);
  }
  const { level } = settings.log;
  const log = level === "silent" ? undefined : createServerLog({ level }, () => "");
  for (const entry of unreachableEntries(resolved.config)) {
    log?.warn(entry);
  }
  if (settings.workers === 1) {
    const server = await start(resolved, settings, { admin: settings.admin });
    return { ...server, reload: () => reload(server, resolved) };
  }
  return startWorkers({
    ...settings,
    // Only workers log requests, and thus user keys.
    log,
    stopWithinMs: settings.drainDelayMs + settings.graceMs + killAfterMs,
  });
}

async function serveAsWorker(resolved: ResolvedConfig, settings: ServerSettings): Promise<never> {
  const worker = joinPrimary(settings.limits);
  const port = await worker.port();
  const server = await start(resolved, { ...settings, port }, { worker }).catch((error: unknown) => {
    // The channel to the primary would keep this process alive.
    process.disconnect();
    throw error;
  });
  await worker.run({ server, reload: () => reload(server, resolved) });
  await server.close();
  process.exit(0);
}

async function start(
  resolved: ResolvedConfig,
  settings: ServerSettings,
  role: Pick<Parameters<typeof startServer>[0], "admin" | "worker">,
): Promise<RunningServer> {
  return startServer({
    ...settings,
    tls: await readTls(resolved),
    introspectionSecret: await readIntrospectionSecret(resolved),
    version: packageJson.version,
    admin: undefined,
    ...role,
  });
}

async function reload(server: RunningServer, resolved: ResolvedConfig): Promise<void> {
  const { tlsCert } = resolved.config.listen ?? {};
  if (tlsCert !== undefined) {
    await server.reloadTls(() => readTls(resolved));
  }
}
