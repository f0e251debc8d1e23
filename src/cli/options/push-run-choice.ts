import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { PlanSharingProtocol } from "../../client/index.ts";
import { fingerprintOf } from "../../push/input/fingerprint.ts";
import { type Input, openInput } from "../../push/input/input.ts";
import { isSeekable, isStandardInput } from "../../push/input/source.ts";
import type { ErrorLimit } from "../../push/push-run.ts";
import { checkpointOf } from "../../push/run/journal.ts";
import {
  createRun,
  openRun,
  type RunDirectory,
  RunError,
  type RunSettings,
  runFiles,
} from "../../push/run/run-directory.ts";
import { resumeCommand } from "../program-line.ts";
import { UsageError } from "../usage-error.ts";
import type { ServerCredentials } from "./credential-options.ts";
import { requireDirectory } from "./data-directory.ts";
import { type RecordFlags, recordOptionsOf } from "./record-options.ts";

/** The flags of `mdps push`. */
export type PushFlags = RecordFlags &
  ServerCredentials & {
    endpoint?: string;
    protocol: PlanSharingProtocol;
    ca?: string;
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

/** A run, and its input if that is open already. */
export type ChosenRun = { readonly run: RunDirectory; readonly input?: Input };

/**
 * Creates a run for a file or for the rejected records of another run, or opens the run to resume. No run is created for a
 * file whose format is not that of records, or for settings with which `check` rejects.
 */
export async function chooseRun(
  file: string | undefined,
  flags: PushFlags,
  isGiven: (name: string) => boolean,
  check: (settings: RunSettings) => Promise<unknown>,
): Promise<ChosenRun> {
  // A run keeps its settings, unless the command line (not the environment) gives others.
  const changes = {
    ...(flags.endpoint !== undefined && isGiven("endpoint") && { endpoint: flags.endpoint }),
    ...(isGiven("protocol") && { protocol: flags.protocol }),
  };
  const changed = (settings: RunSettings): RunSettings => ({
    ...settings,
    ...changes,
    // Also from the environment, as credentials: without it, nothing can be sent.
    ...(flags.ca !== undefined && { ca: resolve(flags.ca) }),
    ...(isGiven("unknownFields") && {
      record: { ...settings.record, unknownFields: flags.unknownFields },
    }),
  });
  const { resume, retryFailed, runs } = flags;
  if (resume !== undefined) {
    const run = await openRun(pathOfRun(resume, runs));
    const settings = changed(run.settings);
    if (settings.fingerprint !== undefined || checkpointOf(run)?.finished) {
      return { run: { ...run, settings } };
    }
    if (process.stdin.isTTY) {
      await run.release();
      throw new RunError(
        `the input of this run was a pipe (${settings.input}): provide the same input again on standard input, such as zcat FILE | ${resumeCommand(run.path)}`,
      );
    }
    // A pipe of the run before is gone.
    return { run: { ...run, settings: { ...settings, input: "-" } } };
  }
  const create = async (settings: RunSettings) => {
    await check(settings);
    return createRun(resolve(requireDirectory(runs, "runs")), settings);
  };
  if (retryFailed !== undefined) {
    return { run: await create(changed(await settingsOfRetry(pathOfRun(retryFailed, runs)))) };
  }
  const settings = await settingsOfFile(file ?? "", flags);
  const input = await openInput(settings.input, settings.record);
  try {
    return { run: await create(settings), input };
  } catch (error) {
    input.close();
    throw error;
  }
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
    input: isStandardInput(file) ? "-" : resolve(file),
    fingerprint: (await isSeekable(file)) ? await fingerprintOf(file) : undefined,
    endpoint: flags.endpoint,
    protocol: flags.protocol,
    credentials: flags.credentials === undefined ? undefined : resolve(flags.credentials),
    ca: flags.ca === undefined ? undefined : resolve(flags.ca),
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
    // Rejected rows of CSV are stored as the records that they became.
    const { mapping: _, ...record } = run.settings.record;
    return {
      ...run.settings,
      createTime: new Date().toISOString(),
      input,
      fingerprint,
      record,
      retryOf: path,
    };
  } finally {
    await run.release();
  }
}
