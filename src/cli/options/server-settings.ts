import { type Duration, durationMs } from "@bufbuild/protobuf/wkt";
import type {
  AuthConfig,
  Rate,
  ServerConfig,
} from "../../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import type { OperatorRate, ServerLimits } from "../../server/limits/server-limits.ts";

/** A configuration as a server takes it, but for what stands in other files: `readTls`, `readIntrospectionSecret`. */
export type ServerSettings = {
  readonly host: string;
  readonly port: number;
  readonly allowCleartext: boolean;
  readonly dataDirectory: string;
  readonly store: string | undefined;
  /** Of a SQLite store, in bytes. */
  readonly cacheBytes: number;
  readonly auth: AuthConfig;
  readonly allowOrigins: readonly string[];
  readonly clockSkewMs: number;
  readonly reflection: boolean;
  readonly limits: ServerLimits;
  /** Where metrics and readiness are; undefined for nowhere. */
  readonly admin: { readonly host: string; readonly port: number } | undefined;
  /** How long the server goes on accepting after SIGTERM. */
  readonly drainDelayMs: number;
  /** How long calls under way may take to finish after that. */
  readonly graceMs: number;
  readonly logLevel: "debug" | "info" | "warn" | "error" | "silent";
  /** Processes that share port and store. */
  readonly workers: number;
};

/** Turns a configuration that `readConfig` has resolved, with all defaults, into what a server takes. */
export function serverSettings(config: ServerConfig): ServerSettings {
  const { auth, listen, admin, storage, lifecycle, log } = config;
  return {
    host: given("listen.host", listen?.host),
    port: given("listen.port", listen?.port),
    allowCleartext: given("listen.allowCleartext", listen?.allowCleartext),
    dataDirectory: given("storage.data", storage?.data),
    store: storage?.store,
    cacheBytes: given("storage.cacheMib", storage?.cacheMib) * 1024 * 1024,
    auth: given("auth", auth),
    allowOrigins: given("listen.allowOrigins", listen?.allowOrigins),
    clockSkewMs: milliseconds("clockSkew", config.clockSkew),
    reflection: given("listen.reflection", listen?.reflection),
    limits: limitsOf(config),
    admin: admin?.listen === undefined ? undefined : addressOf(admin.listen),
    drainDelayMs: milliseconds("lifecycle.drainDelay", lifecycle?.drainDelay),
    graceMs: milliseconds("lifecycle.grace", lifecycle?.grace),
    // The schema lists the same.
    logLevel: given("log.level", log?.level) as ServerSettings["logLevel"],
    workers: given("lifecycle.workers", lifecycle?.workers),
  };
}

function limitsOf(config: ServerConfig): ServerLimits {
  const limits = given("limits", config.limits);
  return {
    maxRequestBytes: given("limits.maxRequestBytes", limits.maxRequestBytes),
    maxHeaderBytes: given("limits.maxHeaderBytes", limits.maxHeaderBytes),
    maxConnections: given("limits.maxConnections", limits.maxConnections),
    maxConcurrentStreams: given("limits.maxConcurrentStreams", limits.maxConcurrentStreams),
    maxInFlight: given("limits.maxInFlight", limits.maxInFlight),
    maxEventLoopDelayMs: milliseconds("limits.maxEventLoopDelay", limits.maxEventLoopDelay),
    headerTimeoutMs: milliseconds("limits.headerTimeout", limits.headerTimeout),
    bodyTimeoutMs: milliseconds("limits.bodyTimeout", limits.bodyTimeout),
    idleTimeoutMs: milliseconds("limits.idleTimeout", limits.idleTimeout),
    operatorRate: rateOf(limits.operatorRate),
    operatorRates: new Map(
      limits.operatorRates.flatMap(({ asn, rate }) => {
        const own = rateOf(rate);
        return own ? [[asn, own] as const] : [];
      }),
    ),
  };
}

function rateOf(rate: Rate | undefined): OperatorRate | undefined {
  const { perSecond, burst } = rate ?? {};
  return perSecond === undefined
    ? undefined
    : { perSecond, burst: burst ?? Math.max(1, Math.floor(perSecond)) };
}

function addressOf(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(":");
  return { host: text.slice(0, colon).replace(/^\[(.*)\]$/, "$1"), port: Number(text.slice(colon + 1)) };
}

function milliseconds(path: string, duration: Duration | undefined): number {
  return durationMs(given(path, duration));
}

/** A resolved configuration has a value for all that has a default; one that has not was not resolved. */
function given<Value>(path: string, value: Value | undefined): Value {
  if (value === undefined) {
    throw new Error(`${path} has no value`);
  }
  return value;
}
