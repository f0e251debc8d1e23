import type { JsonValue } from "@bufbuild/protobuf";
import type { ServerConfigJson } from "../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import type { Given, Layer, Source } from "./layer.ts";
import { settings } from "./settings.ts";

/** What holds unless said otherwise, but for the data directory, which depends on the user. */
export const defaults: ServerConfigJson = {
  auth: {
    publicUrls: [],
    jwtIssuers: [],
    introspection: {
      requestTimeout: "5s",
      activeTtl: "60s",
      inactiveTtl: "10s",
      claims: { account: "sub", scope: "scope" },
    },
  },
  listen: { host: "127.0.0.1", port: 8080, allowCleartext: false, allowOrigins: [], reflection: true },
  storage: { cacheMib: 16 },
  limits: {
    maxRequestBytes: 1_048_576,
    maxHeaderBytes: 16_384,
    maxConnections: 16_384,
    maxConcurrentStreams: 1_000,
    maxInFlight: 4_096,
    maxEventLoopDelay: "0.5s",
    headerTimeout: "20s",
    bodyTimeout: "30s",
    idleTimeout: "65s",
    operatorRates: [],
  },
  lifecycle: { workers: 1, drainDelay: "0s", grace: "10s" },
  log: { level: "info" },
  clockSkew: "60s",
};

/** Parts that are not there unless something of them is given; only then their defaults hold. */
export const optionalParts: readonly string[] = ["auth.introspection"];

const source: Source = { layer: "default", name: "default" };

/** Returns the default of a setting, if it has one. */
export function defaultOf(path: string): JsonValue | undefined {
  let value: JsonValue | undefined = defaults as JsonValue;
  for (const name of path.split(".")) {
    value = isObject(value) ? value[name] : undefined;
  }
  return value;
}

/** Returns the lowest layer. `dataDirectory` is where data live unless said otherwise. */
export function defaultLayer(dataDirectory: string): Layer {
  const given = settings.flatMap((setting): Given[] => {
    const value = setting.path === "storage.data" ? dataDirectory : defaultOf(setting.path);
    return value === undefined ? [] : [{ setting, value, source }];
  });
  return { given, faults: [] };
}

function isObject(value: JsonValue | undefined): value is { [key: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
