import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { PlanSharingProtocol } from "../../client/index.ts";
import { fingerprintOf } from "../../push/input/fingerprint.ts";
import { type Input, openInput } from "../../push/input/input.ts";
import { isSeekable, isStandardInput } from "../../push/input/source.ts";
import type { ErrorLimit } from "../../push/push-run.ts";
import { type Checkpoint, checkpointOf } from "../../push/run/journal.ts";
import {
  changeSettings,
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
import type { PushAccess } from "./push-access.ts";
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

/** A run that is not finished, what it needs to reach its endpoint, and its input if that is open already. */
export type RunToPush = { readonly run: RunDirectory; readonly access: PushAccess; readonly input?: Input };

/** A run to push, or a finished run and its last checkpoint. */
type ChosenRun = RunToPush | { readonly run: RunDirectory; readonly last: Checkpoint };

/**
 * Creates a run for a file or for the rejected records of another run, or opens the run to resume. No run is created for a
 * file whose format is not that of records, or for settings with which `accessOf` rejects; a run to resume keeps its own.
 */
export async function chooseRun(
  file: string | undefined,
  flags: PushFlags,
  isGiven: (name: string) => boolean,
  accessOf: (settings: RunSettings) => Promise<PushAccess>,
): Promise<ChosenRun> {
  // A run keeps its settings, until the command line (not the environment) gives others.
  const changes = {
    ...(flags.endpoint !== undefined && isGiven("endpoint") && { endpoint: flags.endpoint }),
    ...(isGiven("protocol") && { protocol: flags.protocol }),
  };
  const changed = (settings: RunSettings): RunSettings => ({
    ...settings,
    ...changes,
    // Also from the environment, as credentials: without it, nothing can be sent.
    ...(flags.ca !== undefined && { ca: resolve(flags.ca) }),
    ...(isGiven("credentials") && flags.credentials && { credentials: resolve(flags.credentials) }),
    ...(isGiven("unknownFields") && {
      record: { ...settings.record, unknownFields: flags.unknownFields },
    }),
  });
  const { resume, retryFailed, runs } = flags;
  if (resume !== undefined) {
    const run = await openRun(pathOfRun(resume, runs));
    try {
      return await prepareResume(run, changed(run.settings), accessOf);
    } catch (error) {
      await run.release();
      throw error;
    }
  }
  const create = async (settings: RunSettings) => {
    const access = await accessOf(settings);
    return { run: await createRun(resolve(requireDirectory(runs, "runs")), settings), access };
  };
  if (retryFailed !== undefined) {
    return create(changed(await settingsOfRetry(pathOfRun(retryFailed, runs))));
  }
  const settings = await settingsOfFile(file ?? "", flags);
  const input = await openInput(settings.input, settings.record);
  try {
    return { ...(await create(settings)), input };
  } catch (error) {
    input.close();
    throw error;
  }
}

async function prepareResume(
  run: RunDirectory,
  settings: RunSettings,
  accessOf: (settings: RunSettings) => Promise<PushAccess>,
): Promise<ChosenRun> {
  const last = checkpointOf(run);
  if (last?.finished) {
    return { run, last };
  }
  const isPipe = settings.fingerprint === undefined;
  if (isPipe && process.stdin.isTTY) {
    throw new RunError(
      `the input of this run was a pipe (${settings.input}): provide the same input again on standard input, such as zcat FILE | ${resumeCommand(run.path)}`,
    );
  }
  const access = await accessOf(settings);
  // A pipe of the run before is gone.
  return { run: await changeSettings(run, isPipe ? { ...settings, input: "-" } : settings), access };
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
