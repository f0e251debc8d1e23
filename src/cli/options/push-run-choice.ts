import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { PlanSharingProtocol } from "../../client/index.ts";
import { fingerprintOf } from "../../push/input/fingerprint.ts";
import type { ErrorLimit } from "../../push/push-run.ts";
import { resumeCommand } from "../../push/report/summary.ts";
import { checkpointOf } from "../../push/run/journal.ts";
import {
  createRun,
  openRun,
  type RunDirectory,
  RunError,
  type RunSettings,
  runFiles,
} from "../../push/run/run-directory.ts";
import { UsageError } from "../usage-error.ts";
import type { ServerCredentials } from "./credential-options.ts";
import { requireDirectory } from "./data-directory.ts";
import { type RecordFlags, recordOptionsOf } from "./record-options.ts";

/** The flags of `mdps push`. */
export type PushFlags = RecordFlags &
  ServerCredentials & {
    endpoint?: string;
    protocol: PlanSharingProtocol;
    rate?: number;
    concurrency: number;
    maxErrors?: ErrorLimit;
    patience: number;
    runs?: string;
    resume?: string;
    retryFailed?: string;
    dryRun?: true;
    json?: true;
    reveal?: true;
  };

/** Creates a run for a file or for the rejected records of another run, or opens the run to resume. */
export async function chooseRun(
  file: string | undefined,
  flags: PushFlags,
  isGiven: (name: string) => boolean,
): Promise<RunDirectory> {
  // A run keeps its settings, unless the command line (not the environment) gives others.
  const changes = {
    ...(flags.endpoint !== undefined && isGiven("endpoint") && { endpoint: flags.endpoint }),
    ...(isGiven("protocol") && { protocol: flags.protocol }),
  };
  const changed = (settings: RunSettings): RunSettings => ({
    ...settings,
    ...changes,
    ...(isGiven("unknownFields") && {
      record: { ...settings.record, unknownFields: flags.unknownFields },
    }),
  });
  const { resume, retryFailed, runs } = flags;
  if (resume !== undefined) {
    const run = await openRun(pathOfRun(resume, runs));
    return { ...run, settings: changed(run.settings) };
  }
  const settings =
    retryFailed === undefined
      ? await settingsOfFile(file ?? "", flags)
      : changed(await settingsOfRetry(pathOfRun(retryFailed, runs)));
  return createRun(resolve(requireDirectory(runs, "runs")), settings);
}

function pathOfRun(name: string, runs: string | undefined): string {
  const below = runs === undefined || name.includes("/") ? name : join(runs, name);
  return resolve(existsSync(below) ? below : name);
}

async function settingsOfFile(file: string, flags: PushFlags): Promise<RunSettings> {
  if (flags.endpoint === undefined) {
    throw new UsageError("no endpoint: pass --endpoint production, preproduction, or the URL of a server");
  }
  return {
    version: 1,
    createTime: new Date().toISOString(),
    input: file === "-" ? file : resolve(file),
    fingerprint: file === "-" ? undefined : await fingerprintOf(file),
    endpoint: flags.endpoint,
    protocol: flags.protocol,
    credentials: flags.credentials === undefined ? undefined : resolve(flags.credentials),
    record: recordOptionsOf(flags),
  };
}

async function settingsOfRetry(path: string): Promise<RunSettings> {
  const run = await openRun(path);
  try {
    const checkpoint = checkpointOf(run);
    if (!checkpoint?.finished) {
      throw new RunError(`${path} is not finished; finish it first: ${resumeCommand(path)}`);
    }
    if (checkpoint.lengths.rejected === 0) {
      throw new RunError(`${path} has no rejected records`);
    }
    const input = join(path, runFiles.rejected);
    const fingerprint = await fingerprintOf(input);
    return { ...run.settings, createTime: new Date().toISOString(), input, fingerprint, retryOf: path };
  } finally {
    await run.release();
  }
}
