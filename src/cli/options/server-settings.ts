import { type Duration, durationMs } from "@bufbuild/protobuf/wkt";
import type { Rate, ServerConfig } from "../../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import type { OperatorRate, ServerLimits } from "../../server/limits/server-limits.ts";
import type { ServerOptions } from "../../server/server.ts";

type OtherOption =
  | "tls"
  | "introspectionSecret"
  | "clock"
  | "limits"
  | "logFailure"
  | "version"
  | "extension"
  | "worker";

/** The options of `startServer` except secrets (`server-secrets.ts`), and the number of processes. */
export type ServerSettings = Required<Omit<ServerOptions, OtherOption>> & {
  readonly limits: ServerLimits;
  readonly workers: number;
};

/** Converts a resolved configuration, which includes all defaults. */
export function serverSettings(config: ServerConfig): ServerSettings {
  const listen = required(config.listen);
  const storage = required(config.storage);
  const lifecycle = required(config.lifecycle);
  const admin = config.admin?.listen;
  return {
    host: required(listen.host),
    port: required(listen.port),
    allowCleartext: required(listen.allowCleartext),
    dataDirectory: required(storage.data),
    store: storage.store,
    cacheBytes: required(storage.cacheMib) * 1024 * 1024,
    auth: required(config.auth),
    allowOrigins: listen.allowOrigins,
    trustedProxies: listen.trustedProxies,
    clockSkewMs: milliseconds(config.clockSkew),
    // The schema allows the same values.
    unknownFields: required(config.unknownFields) as ServerSettings["unknownFields"],
    reflection: required(listen.reflection),
    limits: limitsOf(config),
    admin: admin === undefined ? undefined : addressOf(admin),
    drainDelayMs: milliseconds(lifecycle.drainDelay),
    graceMs: milliseconds(lifecycle.grace),
    // The schema allows the same values.
    log: { level: required(config.log?.level) as ServerSettings["log"]["level"] },
    workers: required(lifecycle.workers),
  };
}

function limitsOf(config: ServerConfig): ServerLimits {
  const limits = required(config.limits);
  return {
    maxRequestBytes: required(limits.maxRequestBytes),
    maxHeaderBytes: required(limits.maxHeaderBytes),
    maxConnections: required(limits.maxConnections),
    maxConcurrentStreams: required(limits.maxConcurrentStreams),
    maxInFlight: required(limits.maxInFlight),
    maxEventLoopDelayMs: milliseconds(limits.maxEventLoopDelay),
    headerTimeoutMs: milliseconds(limits.headerTimeout),
    bodyTimeoutMs: milliseconds(limits.bodyTimeout),
    idleTimeoutMs: milliseconds(limits.idleTimeout),
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

function milliseconds(duration: Duration | undefined): number {
  return durationMs(required(duration));
}

function required<Value>(value: Value | undefined): Value {
  if (value === undefined) {
    throw new Error("a setting with a default has no value: the configuration is not resolved");
  }
  return value;
}
