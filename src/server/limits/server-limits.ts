/** How many calls of one operator are served, all processes of a server together. */
export type OperatorRate = {
  /** In the long run, per second. */
  readonly perSecond: number;
  /** At once after a quiet time, at least 1. */
  readonly burst: number;
};

/**
 * What a server takes at most. Health, readiness and metrics are exempt from what limits calls. The fields are those of
 * `LimitsConfig` in proto/mobiledataplansharing/config/v1.
 */
export type ServerLimits = {
  /** Largest request body, in decompressed bytes. */
  readonly maxRequestBytes: number;
  /** Largest header of a request, in bytes. */
  readonly maxHeaderBytes: number;
  /** Connections open at once; more are closed at once. */
  readonly maxConnections: number;
  /** Calls under way at once on one HTTP/2 connection. */
  readonly maxConcurrentStreams: number;
  /** Calls under way at once; more are refused with SERVER_OVERLOADED. */
  readonly maxInFlight: number;
  /** Delay of the event loop above which calls are refused with SERVER_OVERLOADED, in ms; 0 for never. */
  readonly maxEventLoopDelayMs: number;
  /** How long the header of a request may take to arrive, and a TLS handshake, in ms. */
  readonly headerTimeoutMs: number;
  /** How long the body of a request may take to arrive, in ms. */
  readonly bodyTimeoutMs: number;
  /** For how long a connection may stay open without a call, in ms. */
  readonly idleTimeoutMs: number;
  /** Rate of each operator that has none of its own; undefined for no bound. */
  readonly operatorRate: OperatorRate | undefined;
  /** Rates of single operators, by ASN. */
  readonly operatorRates: ReadonlyMap<number, OperatorRate>;
};

/** What holds unless said otherwise. */
export const defaultLimits: ServerLimits = {
  maxRequestBytes: 1024 * 1024,
  maxHeaderBytes: 16 * 1024,
  maxConnections: 16_384,
  maxConcurrentStreams: 1_000,
  maxInFlight: 4_096,
  maxEventLoopDelayMs: 500,
  headerTimeoutMs: 20_000,
  bodyTimeoutMs: 30_000,
  // More than the usual 60 s of load balancers: who closes first must be the side that sends no request meanwhile.
  idleTimeoutMs: 65_000,
  operatorRate: undefined,
  operatorRates: new Map(),
};
