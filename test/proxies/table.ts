import type { Configuration } from "./configurations.ts";
import type { Measured, Push } from "./measure-refusals.ts";
import type { ProxyName } from "./proxy.ts";
import type { Restarted } from "./rolling-restart.ts";

/** What was measured with one configuration. */
export type Row = {
  readonly configuration: Configuration;
  readonly version: string;
  readonly refusals: Measured;
  /** Pushes while other callers misbehave. */
  readonly abuse: readonly Push[];
};

/** A rolling restart behind one proxy. */
export type RestartRow = { readonly proxy: ProxyName; readonly restarted: Restarted };

const titles: Readonly<Record<ProxyName, string>> = {
  nginx: "nginx",
  haproxy: "HAProxy",
  caddy: "Caddy",
  apache: "Apache",
};

const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;

const head = [
  "proxy",
  "to the servers",
  "buffers requests",
  "refusals passed",
  "pushes after a refusal: median, maximum",
  "pushes among abuse: failed, maximum",
];

/** Returns the results for docs/proxies.md. `machine` describes where they were measured. */
export function resultsText(
  rows: readonly Row[],
  restarts: readonly RestartRow[],
  refusalNames: readonly string[],
  machine: string,
): string {
  return [
    line(head),
    `|${" --- |".repeat(head.length)}`,
    ...rows.map(({ configuration: { proxy, upstream, buffering }, version, refusals, abuse }) =>
      line([
        `${titles[proxy]} ${version}`,
        upstream,
        buffering,
        `${refusals.passed} of ${refusals.sent}`,
        `${percentile(refusals.pushesMs, 0.5)}, ${percentile(refusals.pushesMs, 1)} ms`,
        `${abuse.filter(({ outcome }) => outcome !== "200").length} of ${abuse.length}, ${percentile(
          abuse.map(({ ms }) => ms),
          1,
        )} ms`,
      ]),
    ),
    "",
    "| proxy, documented configuration | restarts | pushes | failed |",
    "| --- | --- | --- | --- |",
    ...restarts.map(({ proxy, restarted }) =>
      line([titles[proxy], restarted.restarts, restarted.pushes, restarted.failed]),
    ),
    "",
    `The refusals: ${refusalNames.join("; ")}.`,
    "",
    `Measured on ${machine}.`,
  ].join("\n");
}

/** Puts the results between the markers of docs/proxies.md. */
export function withResults(page: string, results: string): string {
  return page.replace(
    /(<!-- results -->\n)[\s\S]*?(<!-- \/results -->)/,
    (_, begin: string, end: string) => `${begin}\n${results}\n\n${end}`,
  );
}

function percentile(values: readonly number[], fraction: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? 0).toFixed(0);
}
