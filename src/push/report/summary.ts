import { join } from "node:path";
import type { StopCause } from "../pipeline.ts";
import { type Counts, doneOf } from "../run/counts.ts";
import { type RunDirectory, runFiles } from "../run/run-directory.ts";
import { foreignEnding } from "../send/outcome.ts";
import { grouped } from "./grouped-digits.ts";

/** How a run ended: `finished`, or the reason why it stopped. */
type RunEnd = "finished" | StopCause;

/** The result of a run: summary.json, and the output of `--json`. */
export type Summary = Counts & {
  /** The directory of the run. Absent if the run ended before a record was done: its directory was removed. */
  readonly run?: string;
  readonly input: string;
  readonly endpoint: string;
  readonly end: RunEnd;
  /** Why the run stopped; absent if it is finished. */
  readonly message?: string;
  /** Records that are done, without blank lines. */
  readonly done: number;
  readonly seconds: number;
  readonly rejectedFile?: string;
  /** The file with the reason and the violations of each rejected record. */
  readonly reasonsFile?: string;
  /** The command that resumes the run; absent if it is finished or was removed. */
  readonly resume?: string;
};

/** Exit codes of `mdps push`. `rejected` is that of a finished run with rejected records. */
export const exitCodes: Readonly<Record<RunEnd | "rejected", number>> = {
  finished: 0,
  rejected: 2,
  "too-many-errors": 3,
  unauthenticated: 4,
  unreachable: 5,
  disk: 6,
  unusable: 7,
  interrupted: 130,
};

/** Returns the exit code of `mdps push` for a summary. */
export function exitCodeOf({ end, rejected }: Summary): number {
  return exitCodes[end === "finished" && rejected > 0 ? "rejected" : end];
}

/** Returns the summary of a run. `resume` is the command that resumes it, if it is not finished. */
export function summaryOf(
  { path, settings }: RunDirectory,
  counts: Counts,
  elapsedMs: number,
  end: RunEnd,
  message?: string,
  resume?: string,
): Summary {
  return {
    run: path,
    input: settings.input,
    endpoint: settings.endpoint,
    end,
    ...(message && { message }),
    done: doneOf(counts),
    ...counts,
    seconds: Number((elapsedMs / 1000).toFixed(3)),
    ...(counts.rejected > 0 && {
      rejectedFile: join(path, runFiles.rejected),
      reasonsFile: join(path, runFiles.reasons),
    }),
    ...(end !== "finished" && resume && { resume }),
  };
}

/** Returns the summary of a run whose directory was removed. */
export function withoutRun({ run: _, resume: __, ...summary }: Summary): Summary {
  return summary;
}

const headlines: Readonly<Record<RunEnd, string>> = {
  finished: "finished",
  interrupted: "interrupted",
  "too-many-errors": "stopped: too many records were rejected",
  unauthenticated: "stopped: the access token was rejected",
  unreachable: "stopped: the endpoint does not answer",
  disk: "stopped: the run directory cannot be written",
  unusable: "stopped: the endpoint is not usable as it is",
};

function headlineOf({ end, message }: Summary): string {
  return end === "unreachable" && message?.endsWith(foreignEnding)
    ? "stopped: the endpoint does not answer as this API does"
    : headlines[end];
}

const deviceHelp =
  "no device has registered these user keys at this host, or only at the other one (pre-production or production). Nothing was stored or retried. Get the current CPIDs of these users, and check --endpoint.";

const unusableHelp =
  "This does not pass by itself. Check the URL in --endpoint, --ca if the server has a private certificate, and proxies in between.";

/** What rejections of a reason mean, where the name does not say it. */
const reasonHelp: Readonly<Record<string, string>> = {
  DEVICE_NOT_REGISTERED: deviceHelp,
  // Google sends no reason of this contract.
  NOT_FOUND: `the server names no reason. Google documents that ${deviceHelp}`,
};

/** Returns a summary as text. `strong` styles the headline. */
export function summaryText(summary: Summary, strong: (text: string, isGood: boolean) => string): string {
  const { end, message, seconds, reasons, notifications, warnings } = summary;
  const isGood = end === "finished" && summary.rejected === 0;
  const rate = seconds > 0 ? ` (${grouped(Math.round(summary.done / seconds))}/s)` : "";
  const lines = [
    strong(headlineOf(summary) + (message === undefined ? "" : `: ${message}`), isGood),
    row("pushed", grouped(summary.pushed)),
    row("rejected", grouped(summary.rejected)),
    ...groupRows(summary),
    row("superseded", `${grouped(summary.superseded)}  a newer status was already stored`),
    ...(summary.blank > 0 ? [row("blank lines", grouped(summary.blank))] : []),
    row("retries", grouped(summary.repeated)),
    row("notifications", grouped(sumOf(notifications))),
    ...countRows(notifications),
    ...(sumOf(warnings) === 0 ? [] : [row("warnings", grouped(sumOf(warnings))), ...countRows(warnings)]),
    row("time", `${seconds.toFixed(1)} s${rate}`),
    row("run", summary.run ?? "none: no record was done, so start again with the same command"),
    ...(summary.rejectedFile === undefined ? [] : [row("rejected file", summary.rejectedFile)]),
    ...(summary.reasonsFile === undefined ? [] : [row("their reasons", summary.reasonsFile)]),
    ...helpRows(reasons),
    ...(end === "unusable" ? ["", unusableHelp] : []),
    ...(summary.resume === undefined ? [] : ["", "Resume with:", `  ${summary.resume}`]),
  ];
  return lines.join("\n");
}

function row(name: string, value: string): string {
  return `  ${name.padEnd(14)} ${value}`;
}

function helpRows(reasons: Readonly<Record<string, number>>): string[] {
  return Object.entries(reasonHelp)
    .filter(([reason]) => (reasons[reason] ?? 0) > 0)
    .flatMap(([reason, help]) => ["", `${reason}: ${help}`]);
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, each) => sum + each, 0);
}

/** Groups of rejected records that are shown, and reasons of others. */
const maxGroups = 10;

/**
 * Returns a row for each of the largest groups of rejected records, with an example. The other records are counted by
 * reason.
 */
function groupRows({ rejected, rejections, reasons }: Counts): string[] {
  const shown = rejections.toSorted((a, b) => b.count - a.count).slice(0, maxGroups);
  const rest = { ...reasons };
  for (const { reason, count } of shown) {
    rest[reason] = (rest[reason] ?? 0) - count;
  }
  const others = Object.entries(rest)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
    .slice(0, maxGroups)
    .map(([reason, count]) => ({ reason, count }));
  const unnamed = [...shown, ...others].reduce((left, { count }) => left - count, rejected);
  return [
    ...shown.map(({ count, reason, rule, line }) => groupRow(count, `${reason}  ${rule}  (line ${line})`)),
    ...others.map(({ count, reason }) => groupRow(count, `${reason}${shown.length > 0 ? "  others" : ""}`)),
    ...(unnamed > 0 ? [groupRow(unnamed, "others")] : []),
  ];
}

function groupRow(count: number, text: string): string {
  return `    ${grouped(count)}  ${text}`;
}

function countRows(counts: Readonly<Record<string, number>>): string[] {
  return Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, value]) => groupRow(value, name));
}
