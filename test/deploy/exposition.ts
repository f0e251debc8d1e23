import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { repository } from "./dockerfile.ts";

/** Names of samples, with the labels that they have. A histogram has three: `_bucket`, `_sum` and `_count`. */
export type Exposition = ReadonlyMap<string, ReadonlySet<string>>;

/** What Prometheus adds: the labels of every target, and a metric about each. */
const ofPrometheus: Exposition = new Map([["up", new Set<string>()]]);
export const targetLabels: ReadonlySet<string> = new Set(["job", "instance"]);

/** Parses the text format of Prometheus, and adds what Prometheus does. */
export function parseExposition(text: string): Exposition {
  const samples = new Map<string, Set<string>>([...ofPrometheus].map(([name]) => [name, new Set()]));
  for (const line of text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))) {
    const [, name = "", , braces = ""] = /^([\w:]+)(\{(.*)\})? \S+( \d+)?$/.exec(line) ?? [];
    if (name === "") throw new Error(`no sample: ${line}`);
    const labels = samples.get(name) ?? new Set();
    for (const [, label = ""] of braces.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)) labels.add(label);
    samples.set(name, labels);
  }
  return samples;
}

/** A metric of the table in docs/operations.md. */
export type PromisedMetric = {
  readonly name: string;
  readonly kind: string;
  readonly labels: readonly string[];
};

/** Reads the table of metrics in docs/operations.md. */
export function readPromisedMetrics(): readonly PromisedMetric[] {
  const text = readFileSync(join(repository, "docs/operations.md"), "utf8");
  const [, table = ""] = /<!-- begin metrics -->\n([\s\S]*?)\n<!-- end metrics -->/.exec(text) ?? [];
  const rows = table.split("\n").slice(2);
  return rows.map((row) => {
    const [, name = "", kind = "", labels = ""] = row.split("|").map((cell) => cell.trim());
    return {
      name: name.replaceAll("`", ""),
      kind,
      labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = ""]) => label),
    };
  });
}

/** What a server exposes that has all promised metrics, each with one sample, and those of its process. */
export async function exposePromisedMetrics(): Promise<string> {
  const register = new Registry();
  collectDefaultMetrics({ register });
  for (const { name, kind, labels: labelNames } of readPromisedMetrics()) {
    const settings = { name, help: name, labelNames, registers: [register] };
    const labels = Object.fromEntries(labelNames.map((label) => [label, "x"]));
    if (kind === "histogram") new Histogram(settings).observe(labels, 1);
    else if (kind === "counter") new Counter(settings).inc(labels);
    else if (kind === "gauge") new Gauge(settings).set(labels, 1);
    else throw new Error(`${name} is said to be a ${kind}`);
  }
  // It has its first sample when garbage was collected.
  const gc = register.getSingleMetric("nodejs_gc_duration_seconds");
  if (gc instanceof Histogram) gc.observe({ kind: "major" }, 1);
  return register.metrics();
}
