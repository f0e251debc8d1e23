import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import type { Summary } from "../../src/push/report/summary.ts";
import { readLastState } from "../../src/push/run/checkpoint-log.ts";
import type { Checkpoint } from "../../src/push/run/journal.ts";
import type { Outcome } from "./program.ts";

/** Arguments of a push to an endpoint, with the runs below `directory`. */
export const argsOf = (directory: string, url: string) => [
  "--endpoint",
  url,
  "--operator",
  "65001",
  "--client",
  "mobiledataplan",
  "--runs",
  join(directory, "runs"),
  "--json",
];

/** The environment of a push, with a token. */
export const env = { MDPS_TOKEN: "secret-token" };

/** Returns the summary that a push has printed with `--json`. */
export const summaryOf = ({ stdout, stderr }: Outcome): Summary => {
  expect(stdout, stderr).toMatch(/^\{/);
  return JSON.parse(stdout);
};

/** The directory of the only run. */
export async function onlyRun(directory: string): Promise<string> {
  const [run = ""] = await readdir(join(directory, "runs"));
  return join(directory, "runs", run);
}

/** The last checkpoint of a run. */
export async function checkpointIn(run: string): Promise<Checkpoint | undefined> {
  const log = await readFile(join(run, "checkpoint.log")).catch(() => Buffer.alloc(0));
  return readLastState(log)?.state as Checkpoint | undefined;
}

/** Whether a line is done according to a checkpoint. */
export function isDone({ watermark, ranges }: Checkpoint, line: number): boolean {
  return line <= watermark.index || ranges.some(({ from, to }) => from <= line && line <= to);
}
