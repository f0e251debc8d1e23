import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { replaceSecret, syncDirectory } from "../../auth/secret-file.ts";
import type { PlanSharingProtocol } from "../../client/index.ts";
import { messageOfFileError } from "../../contract/file-error.ts";
import { makeNewDirectory, makePrivateDirectories, openPrivateFile } from "../../contract/file-owner.ts";
import type { Fingerprint } from "../input/fingerprint.ts";
import type { RecordOptions } from "../input/push-request.ts";
import { type LoggedState, readLastState } from "./checkpoint-log.ts";

/** Raised when a run cannot be created, found or resumed. The message says what to do. */
export class RunError extends Error {
  override readonly name = "RunError";
}

/** What a run pushes and where to. Never contains a token. */
export type RunSettings = {
  readonly version: 1;
  readonly createTime: string;
  /** Absolute path, or `-` for standard input. */
  readonly input: string;
  /** Absent for standard input. */
  readonly fingerprint?: Fingerprint | undefined;
  readonly endpoint: string;
  readonly protocol: PlanSharingProtocol;
  readonly credentials?: string | undefined;
  /** Absolute path of a file with the certificates to trust. */
  readonly ca?: string | undefined;
  readonly record: RecordOptions;
  /** The run whose rejected records this one pushes again. */
  readonly retryOf?: string | undefined;
};

/** The files of a run. */
export const runFiles = {
  settings: "run.json",
  checkpoint: "checkpoint.log",
  rejected: "rejected.ndjson",
  reasons: "rejected-reasons.ndjson",
  superseded: "superseded.ndjson",
  summary: "summary.json",
  lock: "lock",
} as const;

/** A run on disk, locked by this process. */
export type RunDirectory = {
  readonly path: string;
  readonly settings: RunSettings;
  /** Whether this process has created it. */
  readonly isNew: boolean;
  /** The last complete checkpoint, if any. */
  readonly logged: LoggedState | undefined;
  release(): Promise<void>;
};

/** Creates the directory of a run below `runs`, named after the time, for its owner only. Rejects with RunError. */
export async function createRun(runs: string, settings: RunSettings): Promise<RunDirectory> {
  try {
    makePrivateDirectories(runs);
    return await createIn(runs, settings);
  } catch (error) {
    throw error instanceof RunError
      ? error
      : new RunError(
          `cannot create a run in ${runs}: ${messageOfFileError(error)}, or choose another directory with --runs`,
        );
  }
}

async function createIn(runs: string, settings: RunSettings): Promise<RunDirectory> {
  const stem = settings.createTime.replace(/\.\d+Z$/, "").replaceAll(":", "-");
  let path = join(runs, stem);
  for (let number = 2; !makeNew(path); number++) {
    path = join(runs, `${stem}-${number}`);
  }
  const release = await lock(path);
  await writeSettings(path, settings);
  await syncDirectory(runs);
  return { path, settings, isNew: true, logged: undefined, release };
}

function writeSettings(path: string, settings: RunSettings): Promise<void> {
  return replaceSecret(join(path, runFiles.settings), `${JSON.stringify(settings, undefined, 2)}\n`);
}

/** Returns a run with other settings, and keeps them: the command that resumes it names none. */
export async function changeSettings(run: RunDirectory, settings: RunSettings): Promise<RunDirectory> {
  if (JSON.stringify(settings) !== JSON.stringify(run.settings)) {
    await writeSettings(run.path, settings);
  }
  return { ...run, settings };
}

function makeNew(path: string): boolean {
  try {
    makeNewDirectory(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") {
      return false;
    }
    throw error;
  }
}

/** Opens a run to resume it. Rejects with RunError if it is not a run or another process has locked it. */
export async function openRun(path: string): Promise<RunDirectory> {
  const settings = await readSettings(path);
  const release = await lock(path);
  const log = await readFile(join(path, runFiles.checkpoint)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") {
      return Buffer.alloc(0);
    }
    throw error;
  });
  return { path, settings, isNew: false, logged: readLastState(log), release };
}

/** Removes the directory of a new run that has not begun. Keeps it if that fails: it can be resumed. */
export async function removeRun({ path }: RunDirectory): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(() => undefined);
}

/** Reads the settings of a run without locking it. Rejects with RunError. */
export async function readSettings(path: string): Promise<RunSettings> {
  let settings: Partial<RunSettings>;
  try {
    settings = JSON.parse(await readFile(join(path, runFiles.settings), "utf8"));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new RunError(
      code === "ENOENT" && !existsSync(path)
        ? `there is no run ${path}: pass its directory, or its name below --runs`
        : `${path} is not a run of mdps push: ${message}`,
    );
  }
  if (settings.version !== 1) {
    throw new RunError(
      `${path} was written by another version of mdps: its version is ${settings.version}, but only 1 is supported`,
    );
  }
  return settings as RunSettings;
}

async function lock(path: string): Promise<() => Promise<void>> {
  const file = join(path, runFiles.lock);
  for (let isRetry = false; ; isRetry = true) {
    try {
      const lock = await openPrivateFile(file, "wx");
      await lock.writeFile(`${process.pid}\n`).finally(() => lock.close());
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || isRetry) {
        throw error;
      }
    }
    const holder = Number(await readFile(file, "utf8").catch(() => ""));
    if (isAlive(holder)) {
      throw new RunError(
        `${path} is in use by another process (pid ${holder}); if that is not mdps push, remove ${file}`,
      );
    }
    // The process that locked it was killed.
    await rm(file, { force: true });
  }
}

function isAlive(pid: number): boolean {
  if (!(pid > 0) || pid === process.pid) {
    return false;
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
