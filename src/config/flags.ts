import {
  type ReadText,
  readAddress,
  readMebibytes,
  readOrigin,
  readPort,
  readSeconds,
  readServerUrl,
} from "./read-text.ts";

/** The flag of a setting that is given often. Its name is also that of the variable: `--port`, MDPS_PORT. */
export type Flag = {
  /** Such as `--port`. */
  readonly long: string;
  /** What follows it, such as `<port>`; undefined for a flag that is enough by itself. */
  readonly value: string | undefined;
  /** Its line in the help. */
  readonly description: string;
  /** Reads its value, or one of them if it may be repeated, when the kind of the setting says too little. */
  readonly read?: ReadText;
};

/** All flags, by the path of their settings, as the help shows them. */
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
    description: "where the signing key and, by default, the store live",
  },
  "storage.store": {
    long: "--store",
    value: "<url>",
    description: "sqlite:DIRECTORY, postgres://… or cql://…; by default SQLite in the data directory",
  },
  "storage.cacheMib": {
    long: "--cache-mib",
    value: "<MiB>",
    description: "memory for pages of a SQLite store",
    read: readMebibytes,
  },
  "listen.tlsCert": {
    long: "--tls-cert",
    value: "<file>",
    description: "certificate chain, PEM; with it the port speaks TLS only",
  },
  "listen.tlsKey": {
    long: "--tls-key",
    value: "<file>",
    description: "private key of the certificate, PEM",
  },
  "listen.allowCleartext": {
    long: "--allow-cleartext",
    value: undefined,
    description: "listen to other machines without TLS: for a proxy in front that has it",
  },
  "auth.publicUrls": {
    long: "--public-url",
    value: "<url>",
    description: "URL by which clients reach the server; may be repeated",
    read: readServerUrl,
  },
  "listen.allowOrigins": {
    long: "--allow-origin",
    value: "<origin>",
    description: "whose pages may call from browsers, * for everybody's; may be repeated",
    read: readOrigin,
  },
  clockSkew: {
    long: "--clock-skew",
    value: "<seconds>",
    description: "how far in the future an updateTime may lie",
    read: readSeconds,
  },
  "listen.reflection": {
    long: "--no-reflection",
    value: undefined,
    description: "do not tell tools the contract by gRPC server reflection",
  },
  "lifecycle.workers": {
    long: "--workers",
    value: "<number>",
    description: "processes that share port and store",
  },
  "admin.listen": {
    long: "--admin",
    value: "<host:port>",
    description: "where /metrics, /livez and /readyz are, without TLS and tokens; left out: nowhere",
    read: readAddress,
  },
  "log.level": { long: "--log-level", value: "<level>", description: "least weight of what is logged" },
};
