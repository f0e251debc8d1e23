import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createPlanSharingClient } from "../../src/client/index.ts";
import { createPrimaryMetrics } from "../../src/server/workers/primary.ts";
import { testCertificate } from "../support/certificates/certificate.ts";
import { openSocket } from "../support/http/raw-socket.ts";
import { parent, startTestServer } from "../support/test-server.ts";
import { repository } from "./dockerfile.ts";

/** Label names by sample name. A histogram has three samples: `_bucket`, `_sum` and `_count`. */
export type Exposition = ReadonlyMap<string, ReadonlySet<string>>;

/** Prometheus adds labels and one metric to every target. */
const ofPrometheus: Exposition = new Map([["up", new Set<string>()]]);
export const targetLabels: ReadonlySet<string> = new Set(["job", "instance"]);

/** Parses the Prometheus text format, and adds the metric that Prometheus adds. */
export function parseExposition(text: string): Exposition {
  const samples = new Map<string, Set<string>>([...ofPrometheus].map(([name]) => [name, new Set()]));
  for (const line of text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))) {
    const [, name = "", , braces = ""] = /^([\w:]+)(\{(.*)\})? \S+( \d+)?$/.exec(line) ?? [];
    if (name === "") {
      throw new Error(`not a sample: ${line}`);
    }
    const labels = samples.get(name) ?? new Set();
    for (const [, label = ""] of braces.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)) {
      labels.add(label);
    }
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

/**
 * Returns the metrics of a real server that has accepted and rejected calls, connections and certificates, so that every
 * metric has a sample. Includes the metrics that the primary process of several workers adds.
 */
export async function exposeServer(): Promise<string> {
  await using server = await startTestServer({ admin: { host: "127.0.0.1", port: 0 }, tls: testCertificate });
  const client = createPlanSharingClient({
    endpoint: server.url,
    protocol: "rest",
    ca: testCertificate.cert,
    token: server.token,
    retry: false,
  });
  await client.createPlanGroup({ parent, planGroupId: "g" });
  await client.createPlanGroup({ parent: "operators/7", planGroupId: "g" }).catch(() => undefined);
  await server.running.reloadTls(async () => testCertificate);
  const garbage = await openSocket(server.port);
  garbage.write("no TLS at all\r\n\r\n");
  await garbage.closed();
  const metrics = await (await fetch(`${server.adminUrl}/metrics`)).text();
  return `${metrics}\n${await createPrimaryMetrics().registry.metrics()}`;
}
