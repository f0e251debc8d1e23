import { type Duration, durationMs } from "@bufbuild/protobuf/wkt";
import type { Rate, ServerConfig } from "../../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import type { OperatorRate, ServerLimits } from "../../server/limits/server-limits.ts";
import type { ServerOptions } from "../../server/server.ts";

type ServerOption =
  | "host"
  | "port"
  | "allowCleartext"
  | "dataDirectory"
  | "store"
  | "cacheBytes"
  | "auth"
  | "allowOrigins"
  | "clockSkewMs"
  | "reflection"
  | "admin"
  | "drainDelayMs"
  | "graceMs"
  | "log";

/** The options of `startServer` except secrets (`server-secrets.ts`), and the number of processes. */
export type ServerSettings = Required<Pick<ServerOptions, ServerOption>> & {
  readonly limits: ServerLimits;
  readonly workers: number;
};

/** Converts a resolved configuration, which includes all defaults. */
export function serverSettings(config: ServerConfig): ServerSettings {
  const { auth, listen, admin, storage, lifecycle, log } = config;
  return {
    host: required("listen.host", listen?.host),
    port: required("listen.port", listen?.port),
    allowCleartext: required("listen.allowCleartext", listen?.allowCleartext),
    dataDirectory: required("storage.data", storage?.data),
    store: storage?.store,
    cacheBytes: required("storage.cacheMib", storage?.cacheMib) * 1024 * 1024,
    auth: required("auth", auth),
    allowOrigins: required("listen.allowOrigins", listen?.allowOrigins),
    clockSkewMs: milliseconds("clockSkew", config.clockSkew),
    reflection: required("listen.reflection", listen?.reflection),
    limits: limitsOf(config),
    admin: admin?.listen === undefined ? undefined : addressOf(admin.listen),
    drainDelayMs: milliseconds("lifecycle.drainDelay", lifecycle?.drainDelay),
    graceMs: milliseconds("lifecycle.grace", lifecycle?.grace),
    // The schema allows the same values.
    log: { level: required("log.level", log?.level) as ServerSettings["log"]["level"] },
    workers: required("lifecycle.workers", lifecycle?.workers),
  };
}

function limitsOf(config: ServerConfig): ServerLimits {
  const limits = required("limits", config.limits);
  return {
    maxRequestBytes: required("limits.maxRequestBytes", limits.maxRequestBytes),
    maxHeaderBytes: required("limits.maxHeaderBytes", limits.maxHeaderBytes),
    maxConnections: required("limits.maxConnections", limits.maxConnections),
    maxConcurrentStreams: required("limits.maxConcurrentStreams", limits.maxConcurrentStreams),
    maxInFlight: required("limits.maxInFlight", limits.maxInFlight),
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
  return durationMs(required(path, duration));
}

/** Throws if a setting with a default has no value: the configuration is not resolved. */
function required<Value>(path: string, value: Value | undefined): Value {
  if (value === undefined) {
    throw new Error(`${path} has no value`);
  }
  return value;
}
