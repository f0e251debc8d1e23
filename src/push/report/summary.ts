import { join } from "node:path";
import type { StopCause } from "../pipeline.ts";
import { type Counts, doneOf } from "../run/counts.ts";
import { type RunDirectory, runFiles } from "../run/run-directory.ts";
import { grouped } from "./grouped-digits.ts";

/** How a run ended, or that it did. */
export type RunEnd = "finished" | StopCause;

/** What a run has come to: summary.json, and the output of `--json`. */
export type Summary = Counts & {
  readonly run: string;
  readonly input: string;
  readonly endpoint: string;
  readonly end: RunEnd;
  /** Why it ended before its input did. */
  readonly message?: string;
  /** Records that are done, blank lines aside. */
  readonly done: number;
  readonly seconds: number;
  readonly rejectedFile?: string;
  /** The command that goes on with the run. */
  readonly resume?: string;
};

/** The exit code of `mdps push` for each end; a finished run with rejected records has one of its own. */
export const exitCodes: Readonly<Record<RunEnd | "rejected", number>> = {
  finished: 0,
  rejected: 2,
  "too-many-errors": 3,
  unauthenticated: 4,
  unreachable: 5,
  disk: 6,
  interrupted: 130,
};

/** Returns the exit code that a summary stands for. */
export function exitCodeOf({ end, rejected }: Summary): number {
  return exitCodes[end === "finished" && rejected > 0 ? "rejected" : end];
}

/** Returns the command that goes on with a run, as a shell takes it. */
export function resumeCommand(run: string): string {
  return `mdps push --resume ${/^[\w./:-]+$/.test(run) ? run : `'${run.replaceAll("'", "'\\''")}'`}`;
}

/** Puts together what a run has come to. */
export function summaryOf(
  { path, settings }: RunDirectory,
  counts: Counts,
  elapsedMs: number,
  end: RunEnd,
  message?: string,
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
    ...(counts.rejected > 0 && { rejectedFile: join(path, runFiles.rejected) }),
    ...(end !== "finished" && { resume: resumeCommand(path) }),
  };
}

const headlines: Readonly<Record<RunEnd, string>> = {
  finished: "finished",
  interrupted: "interrupted",
  "too-many-errors": "stopped: too many records were rejected",
  unauthenticated: "stopped: the access token is not accepted",
  unreachable: "stopped: the endpoint does not answer",
  disk: "stopped: the run directory cannot be written",
};

/** Writes a summary for people. `strong` marks the headline. */
export function writeSummary(summary: Summary, strong: (text: string, isGood: boolean) => string): string {
  const { end, message, seconds, reasons, notifications } = summary;
  const isGood = end === "finished" && summary.rejected === 0;
  const rate = seconds > 0 ? ` (${grouped(Math.round(summary.done / seconds))}/s)` : "";
  const lines = [
    strong(headlines[end] + (message === undefined ? "" : `: ${message}`), isGood),
    row("pushed", grouped(summary.pushed)),
    row("rejected", grouped(summary.rejected)),
    ...listOf(reasons),
    row("superseded", `${grouped(summary.superseded)}  a later status was stored already`),
    ...(summary.blank > 0 ? [row("blank lines", grouped(summary.blank))] : []),
    row("repeated", `${grouped(summary.repeated)}  attempts`),
    row("notifications", grouped(Object.values(notifications).reduce((sum, each) => sum + each, 0))),
    ...listOf(notifications),
    row("time", `${seconds.toFixed(1)} s${rate}`),
    row("run", summary.run),
    ...(summary.rejectedFile === undefined ? [] : [row("to look at", summary.rejectedFile)]),
    ...(summary.resume === undefined ? [] : ["", "Go on with:", `  ${summary.resume}`]),
  ];
  return lines.join("\n");
}

function row(name: string, value: string): string {
  return `  ${name.padEnd(14)} ${value}`;
}

function listOf(counts: Readonly<Record<string, number>>): string[] {
  return Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, value]) => `    ${grouped(value)}  ${name}`);
}
