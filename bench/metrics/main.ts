/**
 * What the metrics of a create cost with prom-client, with this project's histograms in prom-client's registry, and with
 * OpenTelemetry's SDK and its exporter for Prometheus, which are installed in a temporary folder.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Code } from "@connectrpc/connect";
import { build } from "esbuild";
import { createServerMetrics } from "../../src/server/telemetry/metrics.ts";
import { median } from "../support/load.ts";
import { writeSection } from "../support/report.ts";
import { quartiles } from "../support/rounds.ts";
import { type Metrics, ownMetrics, plainMetrics, sdkMetrics } from "./libraries.ts";

const rounds = Number(process.env.BENCH_ROUNDS ?? 9);
const updates = 200_000;
const scrapes = 100;

const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));
const packages = {
  "prom-client": [`prom-client@${dependencies["prom-client"]}`],
  sdk: ["@opentelemetry/sdk-metrics@3.1.0", "@opentelemetry/exporter-prometheus@0.301.0"],
};

/** Methods and statuses of a server that has been in use for a while: 60 series. */
const methods = Array.from({ length: 12 }, (_, at) => `mobiledataplansharing.v1.Service/Method${at}`);
const codes = [undefined, Code.InvalidArgument, Code.NotFound, Code.Unauthenticated, Code.Unavailable];

const folder = mkdtempSync(join(tmpdir(), "mdps-bench-"));
try {
  const installed = {
    "prom-client": install("prom-client", packages["prom-client"]),
    sdk: install("sdk", packages.sdk),
  };
  const libraries: Readonly<Record<string, Metrics>> = {
    "`src/server/telemetry/`: own histograms in prom-client": ownMetrics(createServerMetrics("1", "sqlite")),
    "prom-client alone": plainMetrics(),
    "OpenTelemetry SDK": await sdkMetrics(installed.sdk),
  };
  const found = new Map(Object.keys(libraries).map((name) => [name, { update: [], scrape: [] } as Times]));
  for (const metrics of Object.values(libraries)) {
    for (const method of methods) {
      for (const code of codes) {
        metrics.create(method, code, 0.002);
      }
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const [name, metrics] of Object.entries(libraries)) {
      found.get(name)?.update.push(measureUpdates(metrics));
      found.get(name)?.scrape.push(await measureScrapes(metrics));
    }
  }
  const base = median([...found.values()][0]?.update ?? []);
  writeSection("metrics", [
    ["", "ns per create", "q1 to q3", "ratio", "µs per scrape", "q1 to q3", "bytes of a scrape"],
    ...(await Promise.all(
      [...found].map(async ([name, { update, scrape }]) => [
        name,
        median(update).toFixed(0),
        quartiles(update, 0),
        (median(update) / base).toFixed(1),
        median(scrape).toFixed(0),
        quartiles(scrape, 0),
        `${Buffer.byteLength((await libraries[name]?.scrape()) ?? "")}`,
      ]),
    )),
  ]);
  writeSection("metrics-size", [
    ["", "packages", "installed", "bundled and minified", "compressed"],
    ["prom-client", ...(await sizesOf(installed["prom-client"], `export * from "prom-client"`))],
    [
      "OpenTelemetry SDK",
      ...(await sizesOf(
        installed.sdk,
        `export { MeterProvider } from "@opentelemetry/sdk-metrics";
         export { PrometheusExporter } from "@opentelemetry/exporter-prometheus";`,
      )),
    ],
  ]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

type Times = { readonly update: number[]; readonly scrape: number[] };

/** Returns the ns that the metrics of one create take. */
function measureUpdates(metrics: Metrics): number {
  const begin = process.hrtime.bigint();
  for (let n = 0; n < updates; n++) {
    metrics.create(methods[n % 3] as string, undefined, (n % 50) / 10_000);
  }
  return Number(process.hrtime.bigint() - begin) / updates;
}

/** Returns the µs that a scrape takes. */
async function measureScrapes(metrics: Metrics): Promise<number> {
  const begin = process.hrtime.bigint();
  for (let n = 0; n < scrapes; n++) {
    await metrics.scrape();
  }
  return Number(process.hrtime.bigint() - begin) / scrapes / 1000;
}

/** Installs packages in a folder of their own and returns it. */
function install(name: string, specifiers: readonly string[]): string {
  const project = join(folder, name);
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{"private":true}');
  execFileSync("npm", ["install", "--silent", "--ignore-scripts", "--no-audit", ...specifiers], {
    cwd: project,
  });
  return project;
}

/** Returns the number of packages, the size of their files and that of a bundle. */
async function sizesOf(project: string, contents: string): Promise<string[]> {
  const modules = join(project, "node_modules");
  const lock = JSON.parse(readFileSync(join(modules, ".package-lock.json"), "utf8"));
  const sizes = readdirSync(modules, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(join(entry.parentPath, entry.name)).size);
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: project },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    write: false,
  });
  const bundle = outputFiles[0]?.contents ?? new Uint8Array();
  return [
    `${Object.keys(lock.packages).length}`,
    `${(sizes.reduce((sum, size) => sum + size, 0) / 1e6).toFixed(2)} MB, ${sizes.length} files`,
    `${(bundle.length / 1000).toFixed(0)} kB`,
    `${(gzipSync(bundle).length / 1000).toFixed(0)} kB`,
  ];
}
