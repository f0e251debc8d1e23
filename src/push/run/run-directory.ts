import { mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PlanSharingProtocol } from "../../client/index.ts";
import type { Fingerprint } from "../input/fingerprint.ts";
import type { RecordOptions } from "../input/push-request.ts";
import { type LoggedState, readLastState, syncDirectory } from "./checkpoint-log.ts";

/** Raised when a run cannot be begun, found or gone on with; the message says what to do. */
export class RunError extends Error {
  override readonly name = "RunError";
}

/** What a run pushes and where to, written once when it begins. Never a token. */
export type RunSettings = {
  readonly version: 1;
  readonly createTime: string;
  /** Absolute path, or `-` for standard input. */
  readonly input: string;
  /** Undefined for standard input. */
  readonly fingerprint?: Fingerprint | undefined;
  readonly endpoint: string;
  readonly protocol: PlanSharingProtocol;
  readonly credentials?: string | undefined;
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

/** A run on disk, held by this process alone. */
export type RunDirectory = {
  readonly path: string;
  readonly settings: RunSettings;
  /** The last checkpoint that was written whole, if any. */
  readonly logged: LoggedState | undefined;
  release(): Promise<void>;
};

/** Makes the directory of a new run below `runs`, named by the time, for its owner alone. Raises RunError. */
export async function createRun(runs: string, settings: RunSettings): Promise<RunDirectory> {
  try {
    await mkdir(runs, { recursive: true, mode: 0o700 });
    return await createIn(runs, settings);
  } catch (error) {
    throw error instanceof RunError
      ? error
      : new RunError(`no run can be begun in ${runs}: ${(error as Error).message}; --runs puts it elsewhere`);
  }
}

async function createIn(runs: string, settings: RunSettings): Promise<RunDirectory> {
  const stem = settings.createTime.replace(/\.\d+Z$/, "").replaceAll(":", "-");
  let path = join(runs, stem);
  for (let number = 2; !(await makeNew(path)); number++) {
    path = join(runs, `${stem}-${number}`);
  }
  const release = await lock(path);
  await replaceFile(join(path, runFiles.settings), `${JSON.stringify(settings, undefined, 2)}\n`);
  await syncDirectory(runs);
  return { path, settings, logged: undefined, release };
}

async function makeNew(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") {
      return false;
    }
    throw error;
  }
}

/** Opens a run to go on with it. Raises RunError if it is none, or if another process has it. */
export async function openRun(path: string): Promise<RunDirectory> {
  const settings = await readSettings(path);
  const release = await lock(path);
  const log = await readFile(join(path, runFiles.checkpoint)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") {
      return Buffer.alloc(0);
    }
    throw error;
  });
  return { path, settings, logged: readLastState(log), release };
}

/** Reads what a run is about, without taking hold of it. Raises RunError. */
export async function readSettings(path: string): Promise<RunSettings> {
  let settings: Partial<RunSettings>;
  try {
    settings = JSON.parse(await readFile(join(path, runFiles.settings), "utf8"));
  } catch (error) {
    throw new RunError(`${path} is not a run of mdps push: ${(error as Error).message}`);
  }
  if (settings.version !== 1) {
    throw new RunError(
      `${path} is a run of another version of mdps: it says ${settings.version}, this one knows 1`,
    );
  }
  return settings as RunSettings;
}

/** Writes a file as a whole or not at all. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const fresh = await open(`${path}.new`, "w", 0o600);
  try {
    await fresh.writeFile(text);
    await fresh.sync();
  } finally {
    await fresh.close();
  }
  await rename(`${path}.new`, path);
}

async function lock(path: string): Promise<() => Promise<void>> {
  const file = join(path, runFiles.lock);
  for (let isRepeated = false; ; isRepeated = true) {
    try {
      await writeFile(file, `${process.pid}\n`, { flag: "wx", mode: 0o600 });
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || isRepeated) {
        throw error;
      }
    }
    const holder = Number(await readFile(file, "utf8").catch(() => ""));
    if (isAlive(holder)) {
      throw new RunError(
        `${path} is in use by another process (pid ${holder}); if that is no mdps push, remove ${file}`,
      );
    }
    // Its holder was killed.
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
