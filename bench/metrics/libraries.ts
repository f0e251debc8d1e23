/** The metrics that a create updates, with each library: three histograms with labels, and one without. */
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Code } from "@connectrpc/connect";
import { Histogram, Registry } from "prom-client";
import { statusOf } from "../../src/server/telemetry/call-summary.ts";
import type { ServerMetrics } from "../../src/server/telemetry/metrics.ts";

export type Metrics = {
  /** Counts a create, and its status: undefined is success. */
  create(method: string, code: Code | undefined, seconds: number): void;
  scrape(): Promise<string>;
};

const callBuckets = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];
const storeBuckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
const tokenBuckets = [0.00001, 0.0001, 0.001, 0.01, 0.1, 1, 5];
const batchBuckets = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** Those of the server. Its scrape has the metrics of Node too. */
export function ownMetrics(metrics: ServerMetrics): Metrics {
  return {
    create(method, code, seconds) {
      metrics.tokenVerified("accepted", seconds / 10);
      metrics.storeCall("put", seconds / 2, undefined);
      metrics.batch(8);
      metrics.request({
        call: { protocol: "grpc" },
        outcome: { code },
        method,
        durationMs: seconds * 1000,
      } as unknown as Parameters<ServerMetrics["request"]>[0]);
    },
    scrape: () => metrics.registry.metrics(),
  };
}

/** The same histograms with prom-client's own class. */
export function plainMetrics(): Metrics {
  const registry = new Registry();
  const histogram = (name: string, buckets: number[], labelNames: string[]) =>
    new Histogram({ name, help: name, buckets, labelNames, registers: [registry] });
  const call = histogram("call", callBuckets, ["system", "method", "status"]);
  const store = histogram("store", storeBuckets, ["system", "operation", "error"]);
  const token = histogram("token", tokenBuckets, ["outcome"]);
  const batch = histogram("batch", batchBuckets, []);
  return {
    create(method, code, seconds) {
      token.observe({ outcome: "accepted" }, seconds / 10);
      store.observe({ system: "sqlite", operation: "put", error: "" }, seconds / 2);
      batch.observe(8);
      call.observe({ system: "grpc", method, status: statusOf({ code }) }, seconds);
    },
    scrape: () => registry.metrics(),
  };
}

type Sdk = {
  MeterProvider: new (options: object) => { getMeter(name: string): Meter };
};
type Meter = {
  createHistogram(name: string, options: object): { record(value: number, attributes?: object): void };
};
type Exporter = {
  PrometheusExporter: new (options: object) => { collect(): Promise<{ resourceMetrics: object }> };
  PrometheusSerializer: new () => { serialize(metrics: object): string };
};

/** The same histograms with OpenTelemetry's SDK, which is installed in a folder. */
export async function sdkMetrics(project: string): Promise<Metrics> {
  const require = createRequire(join(project, "package.json"));
  const { MeterProvider } = require("@opentelemetry/sdk-metrics") as Sdk;
  const { PrometheusExporter, PrometheusSerializer } =
    require("@opentelemetry/exporter-prometheus") as Exporter;
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const serializer = new PrometheusSerializer();
  const meter = new MeterProvider({ readers: [exporter] }).getMeter("bench");
  const histogram = (name: string, explicitBucketBoundaries: number[]) =>
    meter.createHistogram(name, { advice: { explicitBucketBoundaries } });
  const call = histogram("call", callBuckets);
  const store = histogram("store", storeBuckets);
  const token = histogram("token", tokenBuckets);
  const batch = histogram("batch", batchBuckets);
  return {
    create(method, code, seconds) {
      token.record(seconds / 10, { outcome: "accepted" });
      store.record(seconds / 2, { system: "sqlite", operation: "put", error: "" });
      batch.record(8);
      call.record(seconds, { system: "grpc", method, status: statusOf({ code }) });
    },
    scrape: async () => serializer.serialize((await exporter.collect()).resourceMetrics),
  };
}
