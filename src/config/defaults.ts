import type { JsonValue } from "@bufbuild/protobuf";
import type { ServerConfigJson } from "../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import type { Layer, SettingValue, Source } from "./layer.ts";
import { settings } from "./settings.ts";
import { isJsonObject } from "./unknown-keys.ts";

/** The defaults of all settings except the data directory, which depends on the user. */
export const defaults: ServerConfigJson = {
  auth: {
    publicUrls: [],
    jwtIssuers: [],
    introspection: {
      requestTimeout: "5s",
      activeTtl: "60s",
      inactiveTtl: "10s",
      claims: { account: "sub", audience: "aud", scope: "scope" },
    },
  },
  listen: {
    host: "127.0.0.1",
    port: 8080,
    allowCleartext: false,
    allowOrigins: [],
    reflection: true,
    trustedProxies: [],
  },
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
  unknownFields: "refuse",
};

/** The section that is absent unless one of its settings is set. Only then its defaults apply. */
export const optionalSection = "auth.introspection";

const source: Source = { layer: "default", name: "default" };

/** Returns the default of the setting at a path, if it has one. */
export function defaultOf(path: string): JsonValue | undefined {
  let value: JsonValue | undefined = defaults as JsonValue;
  for (const name of path.split(".")) {
    value = isJsonObject(value) ? value[name] : undefined;
  }
  return value;
}

/** Returns the lowest layer. `dataDirectory` is the default of `storage.data`. */
export function defaultLayer(dataDirectory: string | undefined): Layer {
  const values = settings.flatMap((setting): SettingValue[] => {
    const value = setting.path === "storage.data" ? dataDirectory : defaultOf(setting.path);
    return value === undefined ? [] : [{ setting, value, source }];
  });
  return { values, problems: [] };
}
