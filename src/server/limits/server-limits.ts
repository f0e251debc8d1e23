/** How many calls of one operator are served, by all processes of a server together. */
export type OperatorRate = {
  /** Calls per second in the long run. */
  readonly perSecond: number;
  /** Calls that may start at once after a quiet time, at least 1. */
  readonly burst: number;
};

/**
 * Limits of a server. Health, readiness and metrics are exempt from the limits on calls. The fields are those of
 * `LimitsConfig` in server-proto/mobiledataplansharing/config/v1.
 */
export type ServerLimits = {
  /** Largest request body, in decompressed bytes. */
  readonly maxRequestBytes: number;
  /** Largest header of a request, in bytes. */
  readonly maxHeaderBytes: number;
  /** Open connections; further ones are closed at once. */
  readonly maxConnections: number;
  /** Concurrent calls per HTTP/2 connection. */
  readonly maxConcurrentStreams: number;
  /** Concurrent calls with an access token; further ones are rejected with SERVER_OVERLOADED. */
  readonly maxInFlight: number;
  /** Delay of the event loop above which calls are rejected with SERVER_OVERLOADED, in ms; 0 for never. */
  readonly maxEventLoopDelayMs: number;
  /** How long the header of a request, or a TLS handshake, may take to arrive, in ms. */
  readonly headerTimeoutMs: number;
  /** How long the body of a request may take to arrive, in ms. */
  readonly bodyTimeoutMs: number;
  /** How long a connection may stay open without a call, in ms. */
  readonly idleTimeoutMs: number;
  /** Rate of each operator without an entry in `operatorRates`; undefined for unlimited. */
  readonly operatorRate: OperatorRate | undefined;
  /** Rates of single operators, by ASN. */
  readonly operatorRates: ReadonlyMap<number, OperatorRate>;
};

export const defaultLimits: ServerLimits = {
  maxRequestBytes: 1024 * 1024,
  maxHeaderBytes: 16 * 1024,
  maxConnections: 16_384,
  maxConcurrentStreams: 1_000,
  maxInFlight: 4_096,
  maxEventLoopDelayMs: 500,
  headerTimeoutMs: 20_000,
  bodyTimeoutMs: 30_000,
  // Longer than the usual 60 s of load balancers: the side that sends requests must be the first to close.
  idleTimeoutMs: 65_000,
  operatorRate: undefined,
  operatorRates: new Map(),
};
