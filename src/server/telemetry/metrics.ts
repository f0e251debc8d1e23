import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { type CallSummary, statusOf, systemNameOf } from "./call-summary.ts";
import { createHistogram } from "./histogram.ts";

/** State that is read when metrics are requested. */
export type MetricsState = {
  readonly requestsInFlight: number;
  readonly connections: number;
  readonly connectionsLimit: number;
  /** Puts that are waiting or being stored. */
  readonly storeQueue: number;
  readonly ready: () => Promise<boolean>;
  readonly logLinesDropped: number;
  /** When the certificate expires, in ms since the epoch; undefined without TLS. */
  readonly certificateNotAfterMs: number | undefined;
};

/**
 * Metrics of a server, with the names of OpenTelemetry's semantic conventions where they exist. Labels are methods, codes
 * and reasons of the contract and fixed words of this server: callers cannot create new ones.
 */
export type ServerMetrics = {
  readonly registry: Registry;
  /** Adds the metrics that are read from the state of the server. Call it once. */
  watch(state: () => MetricsState): void;
  request(summary: CallSummary): void;
  connectionRejected(cause: string): void;
  /** `errorType` is undefined if the store answered. */
  storeCall(operation: string, seconds: number, errorType: string | undefined): void;
  /** Counts the puts of a batch. */
  batch(puts: number): void;
  /** Counts expired records that were removed. */
  swept(records: number): void;
  tokenVerified(outcome: "accepted" | "refused" | "failed", seconds: number): void;
  tlsReloaded(outcome: "loaded" | "refused"): void;
};

/** Seconds, from the conventions for RPC, and finer ones because most calls take a few milliseconds. */
const callBuckets = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

/** Creates the metrics of one process, including those of Node. `storeSystem` is the `db.system.name` of the store. */
export function createServerMetrics(version: string, storeSystem: string): ServerMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const observeCall = createHistogram({
    registry,
    name: "rpc_server_call_duration_seconds",
    help: "Duration of calls, from the request header to the end of the response (rpc.server.call.duration)",
    labelNames: ["rpc_system_name", "rpc_method", "rpc_response_status_code"],
    buckets: callBuckets,
  });
  const rejections = new Counter({
    name: "mdps_refusals_total",
    help: "Rejected calls by ErrorReason",
    labelNames: ["reason"],
    registers,
  });
  const connectionsRejected = new Counter({
    name: "mdps_connections_refused_total",
    help: "Connections and streams that were closed because of a limit",
    labelNames: ["cause"],
    registers,
  });
  const observeStoreCall = createHistogram({
    registry,
    name: "db_client_operation_duration_seconds",
    help: "Duration of store operations, including waiting (db.client.operation.duration)",
    labelNames: ["db_system_name", "db_operation_name", "error_type"],
    // From the conventions for database clients.
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
  });
  const observeBatch = createHistogram({
    registry,
    name: "mdps_store_batch_size",
    help: "Puts per commit or statement",
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
  });
  const swept = new Counter({
    name: "mdps_store_swept_records_total",
    help: "Expired records that were removed",
    registers,
  });
  const observeToken = createHistogram({
    registry,
    name: "mdps_token_verification_duration_seconds",
    help: "Duration of access token verification; failed: the verification itself failed",
    labelNames: ["outcome"],
    buckets: [0.00001, 0.0001, 0.001, 0.01, 0.1, 1, 5],
  });
  const reloads = new Counter({
    name: "mdps_tls_reloads_total",
    help: "Reloads of the certificate; after a refused one the previous certificate stays in use",
    labelNames: ["outcome"],
    registers,
  });
  // Start at 0, so that the first reload shows as an increase.
  reloads.inc({ outcome: "loaded" }, 0);
  reloads.inc({ outcome: "refused" }, 0);
  new Gauge({
    name: "mdps_build_info",
    help: "Version of the server",
    labelNames: ["version"],
    aggregator: "first",
    registers,
  }).set({ version }, 1);

  return {
    registry,
    watch: (state) => registerState(registers, state),
    request: function countRequest(summary) {
      const { call, outcome, method, durationMs } = summary;
      observeCall(durationMs / 1000, systemNameOf(call.protocol), method, statusOf(outcome));
      if (outcome.reason !== undefined) {
        rejections.inc({ reason: outcome.reason });
      }
    },
    connectionRejected: (cause) => connectionsRejected.inc({ cause }),
    storeCall: (operation, seconds, errorType = "") =>
      observeStoreCall(seconds, storeSystem, operation, errorType),
    batch: (puts) => observeBatch(puts),
    swept: (records) => swept.inc(records),
    tokenVerified: (outcome, seconds) => observeToken(seconds, outcome),
    tlsReloaded: (outcome) => reloads.inc({ outcome }),
  };
}

type Reading = {
  name: string;
  help: string;
  read: (state: MetricsState) => number | undefined | Promise<number>;
  /** How the values of several processes are combined. */
  aggregator?: "sum" | "min";
};

const readings: readonly Reading[] = [
  { name: "mdps_requests_in_flight", help: "Calls in flight", read: (now) => now.requestsInFlight },
  { name: "mdps_connections", help: "Open connections", read: (now) => now.connections },
  {
    name: "mdps_connections_limit",
    help: "Maximum number of open connections",
    read: (now) => now.connectionsLimit,
  },
  { name: "mdps_store_queue_length", help: "Puts waiting for the store", read: (now) => now.storeQueue },
  {
    name: "mdps_ready",
    help: "1 if ready, else 0; with several processes: how many are ready",
    read: async (now) => Number(await now.ready()),
  },
  {
    name: "mdps_tls_certificate_not_after_timestamp_seconds",
    help: "When the certificate in use expires",
    read: (now) => now.certificateNotAfterMs && now.certificateNotAfterMs / 1000,
    aggregator: "min",
  },
];

function registerState(registers: Registry[], state: () => MetricsState): void {
  for (const { name, help, read, aggregator = "sum" } of readings) {
    new Gauge({
      name,
      help,
      aggregator,
      registers,
      async collect() {
        const value = await read(state());
        if (value === undefined) {
          this.remove();
        } else {
          this.set(value);
        }
      },
    });
  }
  new Counter({
    name: "mdps_log_lines_dropped_total",
    help: "Log lines dropped because they could not be written in time",
    registers,
    collect() {
      this.reset();
      this.inc(state().logLinesDropped);
    },
  });
}
