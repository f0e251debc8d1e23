import type { AuthConfig } from "../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import type { Clock } from "../contract/clock.ts";
import type { UnknownFields } from "../contract/unknown-names/unknown-fields.ts";
import type { AdminAddress } from "./admin.ts";
import type { TlsPair } from "./connections/port.ts";
import type { OperatorRates } from "./limits/operator-rates.ts";
import type { ServerLimits } from "./limits/server-limits.ts";
import type { ServerExtension } from "./server-extension.ts";
import type { LogFailure, LogOptions } from "./telemetry/request-log.ts";

export type ServerOptions = {
  /** Address to listen on, such as `127.0.0.1`. Required. */
  host: string;
  /** Port to listen on; 0 picks a free one. Required. */
  port: number;
  /** Certificate and key. With it the port accepts TLS only, HTTP/1.1 and HTTP/2 by ALPN. Defaults to cleartext. */
  tls?: TlsPair | undefined;
  /** Directory of the signing key, service accounts and default store; created if missing. Required. */
  dataDirectory: string;
  /**
   * URL of the store, as `openStore` takes it; `memory:` only with an extension, because a server must not lose what it
   * has acknowledged. Defaults to SQLite in the data directory.
   */
  store?: string | undefined;
  /** Page cache of a SQLite store, in bytes. Defaults to that of the store. */
  cacheBytes?: number | undefined;
  /** Accepts access tokens besides the server's own; must be validated. Defaults to none. */
  auth?: AuthConfig;
  /** Client secret for `auth.introspection`. Defaults to none. */
  introspectionSecret?: string | undefined;
  /** Source of the current time. Defaults to the system clock. */
  clock?: Clock;
  /** How far an `updateTime` may lie in the future, in ms. Defaults to 60,000; 0 allows none. */
  clockSkewMs?: number;
  /**
   * What to do with fields and enum values in requests that the contract does not know. `warn` and `ignore` accept the
   * request without them; `warn` logs each path once. Defaults to `refuse`.
   */
  unknownFields?: UnknownFields;
  /** Limits on requests, calls and connections. Each defaults to that of `defaultLimits`. */
  limits?: Partial<ServerLimits>;
  /**
   * Allows a server without TLS to listen on an address that is not loopback, such as behind a proxy that terminates
   * TLS. Anyone on the network between them can read tokens and user keys. Defaults to false.
   */
  allowCleartext?: boolean;
  /**
   * Addresses and networks of proxies whose `X-Forwarded-For` and `Forwarded` are believed, such as `10.0.0.0/8`. Defaults
   * to none.
   */
  trustedProxies?: readonly string[];
  /** Whether to answer gRPC server reflection, which needs no token. Defaults to true. */
  reflection?: boolean;
  /**
   * Origins whose pages may call from browsers, such as `https://console.example.com`, or `*` for all. Never applies to
   * the token endpoint. Defaults to none.
   */
  allowOrigins?: readonly string[];
  /** Address of `/livez`, `/readyz` and `/metrics`. Defaults to none: they are then not served. */
  admin?: AdminAddress | undefined;
  /** Structured log. Defaults to none: unexpected errors then go to standard error as text. */
  log?: LogOptions;
  /** How long a stopping server still accepts connections while it reports not ready, in ms. Defaults to 0. */
  drainDelayMs?: number;
  /** How long running requests may take to finish when the server stops, in ms. Defaults to 10,000. */
  graceMs?: number;
  /** Receives unexpected errors of the server instead of the log. */
  logFailure?: LogFailure;
  /** Version that the metrics report. Defaults to `unknown`. */
  version?: string;
  /** What a program adds to the server, such as the emulator. Its store keeps expired records. Defaults to none. */
  extension?: ServerExtension | undefined;
  /** Set in each of several processes, which share the rates of operators. The primary collects their metrics. */
  worker?: { rates: OperatorRates; reusePort: boolean } | undefined;
};
