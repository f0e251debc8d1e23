import {
  type ReadText,
  readAddress,
  readMebibytes,
  readOrigin,
  readPort,
  readSeconds,
  readServerUrl,
} from "./value-readers.ts";

/** The flag of a frequently used setting. Its environment variable has the same name: `--port`, `MDPS_PORT`. */
export type Flag = {
  /** Such as `--port`. */
  readonly long: string;
  /** Placeholder of the value, such as `<port>`; absent for a flag without value. */
  readonly value?: string;
  readonly description: string;
  /** Parses one value, if the type of the setting is not specific enough. */
  readonly read?: ReadText;
};

/** Returns the environment variable of a flag: `MDPS_TLS_CERT` for `--tls-cert`. */
export function flagVariable(long: string): string {
  return `MDPS_${long.slice(2).replaceAll("-", "_").toUpperCase()}`;
}

/** All flags by the path of their settings, in the order of the help. */
export const flags: Readonly<Record<string, Flag>> = {
  "listen.host": { long: "--host", value: "<address>", description: "address to listen on" },
  "listen.port": {
    long: "--port",
    value: "<port>",
    description: "port to listen on; 0 picks a free one",
    read: readPort,
  },
  "storage.data": {
    long: "--data",
    value: "<directory>",
    description: "directory of the signing key and, by default, the store",
  },
  "storage.store": {
    long: "--store",
    value: "<url>",
    description: "sqlite:DIRECTORY, postgres://… or cql://…; by default SQLite in the data directory",
  },
  "storage.cacheMib": {
    long: "--cache-mib",
    value: "<MiB>",
    description: "page cache of a SQLite store, in MiB",
    read: readMebibytes,
  },
  "listen.tlsCert": {
    long: "--tls-cert",
    value: "<file>",
    description: "certificate chain in PEM; enables TLS",
  },
  "listen.tlsKey": {
    long: "--tls-key",
    value: "<file>",
    description: "private key of the certificate in PEM",
  },
  "listen.allowCleartext": {
    long: "--allow-cleartext",
    description: "accept other machines without TLS, behind a proxy that terminates TLS",
  },
  "auth.publicUrls": {
    long: "--public-url",
    value: "<url>",
    description: "URL under which clients reach the server; repeatable",
    read: readServerUrl,
  },
  "listen.allowOrigins": {
    long: "--allow-origin",
    value: "<origin>",
    description: "origin whose pages may call from browsers, or * for all; repeatable",
    read: readOrigin,
  },
  clockSkew: {
    long: "--clock-skew",
    value: "<seconds>",
    description: "how far in the future an updateTime may be",
    read: readSeconds,
  },
  unknownFields: {
    long: "--unknown-fields",
    value: "<mode>",
    description: "what to do with fields and enum values in requests that the contract does not know",
  },
  "listen.reflection": { long: "--no-reflection", description: "disable gRPC server reflection" },
  "lifecycle.workers": {
    long: "--workers",
    value: "<number>",
    description: "number of processes that share the port and the store",
  },
  "admin.listen": {
    long: "--admin",
    value: "<host:port>",
    description: "address of /metrics, /livez and /readyz, without TLS and tokens; disabled by default",
    read: readAddress,
  },
  "log.level": { long: "--log-level", value: "<level>", description: "minimum log level" },
};
