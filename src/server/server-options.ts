import type { AuthConfig } from "../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import type { Clock } from "../contract/clock.ts";
import type { AdminAddress } from "./admin.ts";
import type { TlsPair } from "./connections/port.ts";
import type { OperatorRates } from "./limits/operator-rates.ts";
import type { ServerLimits } from "./limits/server-limits.ts";
import type { LogOptions } from "./telemetry/request-log.ts";
import type { LogFailure } from "./unexpected-errors.ts";

export type ServerOptions = {
  host: string;
  /** 0 picks a free one. */
  port: number;
  /** With it the port speaks TLS only, HTTP/1.1 and HTTP/2 by ALPN. */
  tls?: TlsPair | undefined;
  /** Where the signing key, the service accounts and, unless `store` says otherwise, the store live; made if missing. */
  dataDirectory: string;
  /** URL of the store, as `openStore` takes it. Defaults to SQLite in the data directory. */
  store?: string | undefined;
  /** Memory for pages of a SQLite store, in bytes. */
  cacheBytes?: number | undefined;
  /** Whose access tokens are accepted beside the server's own; it must have been validated. */
  auth?: AuthConfig;
  /** The secret that goes with `auth.introspection`. */
  introspectionSecret?: string | undefined;
  clock?: Clock;
  /** How far in the future an `updateTime` may lie, in milliseconds. Defaults to 60,000; 0 for not at all. */
  clockSkewMs?: number;
  /** What the server takes at most; what is left out is that of `defaultLimits`. */
  limits?: Partial<ServerLimits>;
  /**
   * Lets a server without TLS listen to other machines, such as a proxy that has it: tokens and user keys then cross
   * the network for everybody to read. Defaults to false.
   */
  allowCleartext?: boolean;
  /** Whether tools may ask for the contract by gRPC server reflection, without a token. Defaults to true. */
  reflection?: boolean;
  /**
   * Whose pages may call from browsers: origins such as `https://console.example.com`, or `*` for all. Defaults to
   * none. The token endpoint is for none of them.
   */
  allowOrigins?: readonly string[];
  /** Where `/livez`, `/readyz` and `/metrics` are. Defaults to nowhere. */
  admin?: AdminAddress | undefined;
  /** What is written down. Defaults to nothing but failures, which go to standard error. */
  log?: LogOptions;
  /** For how long a server that stops goes on accepting, not ready, in milliseconds. Defaults to 0. */
  drainDelayMs?: number;
  /** How long running requests may take to finish when the server stops, in milliseconds. Defaults to 10,000. */
  graceMs?: number;
  /** Is told of the server's own mistakes, in place of the log. */
  logFailure?: LogFailure;
  /** Version that the metrics name. */
  version?: string;
  /** Makes the server one of several processes that share the rates of operators, and has its metrics collected. */
  worker?: { rates: OperatorRates; reusePort: boolean } | undefined;
};
