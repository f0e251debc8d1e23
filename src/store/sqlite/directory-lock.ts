import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "../node-sqlite.ts";
import { StoreOpenError } from "../plan-store.ts";
import { messageWithAdvice, resultCode, resultCodeOf } from "./error.ts";
import { createPrivateFile } from "./private-path.ts";

/** A lock on a directory, held until `release`. */
export type DirectoryLock = { release(): void };

/**
 * `shared`: held together with others, to read and write records.
 * `exclusive`: held alone, to change the tables.
 */
type LockMode = "shared" | "exclusive";

/** Names this process. With its host, because every program may have pid 1 in containers that share a disk. */
const thisProcess = `pid ${process.pid} on ${hostname()}`;

/** Has the name of the process that opened the directory last. */
const holderFile = "lock.holder";

/**
 * How long to wait for a lock, in ms: for a shared one until the first program has created the tables, for an exclusive
 * one until the kernel has removed a program that was killed.
 */
const lockTimeouts: Readonly<Record<LockMode, number>> = { shared: 2_000, exclusive: 250 };

/**
 * Locks an existing directory with a lock that SQLite holds on an otherwise empty file. The kernel drops it when the
 * process dies, so no lock is ever stale. Raises StoreOpenError.
 */
export function lockDirectory(
  directory: string,
  mode: LockMode,
  timeout = lockTimeouts[mode],
): DirectoryLock {
  const lockPath = join(directory, "lock.sqlite");
  createPrivateFile(lockPath);
  let lock: DatabaseSync;
  try {
    lock = takeLock(lockPath, mode, timeout);
  } catch (error) {
    if (resultCodeOf(error) === resultCode.busy) {
      throw inUse(directory, mode);
    }
    throw new StoreOpenError(
      `cannot lock ${lockPath}: ${messageWithAdvice(error)}; remove this file if no program uses it`,
    );
  }
  return { release: () => lock.close() };
}

/** Writes the name of this process for later messages. It stays in the file, and has no meaning without a lock. */
export function nameHolder(directory: string): void {
  try {
    const path = join(directory, holderFile);
    createPrivateFile(path);
    writeFileSync(path, thisProcess);
  } catch {
    // The name only improves messages, so a full disk may prevent it.
  }
}

/** A lock to check a directory; `inUse` if other programs have it open, which are not affected. */
type CheckLock = DirectoryLock & { readonly inUse: boolean };

/**
 * Locks an existing directory exclusively if no program has it open, without changing it. Takes no lock in a directory
 * that cannot be written, or that no program has ever opened, such as a backup.
 */
export function lockForCheck(directory: string): CheckLock {
  const lockPath = join(directory, "lock.sqlite");
  const noLock = { release: () => undefined, inUse: false };
  if (!existsSync(lockPath)) {
    return noLock;
  }
  try {
    const lock = takeLock(lockPath, "exclusive", lockTimeouts.exclusive);
    return { release: () => lock.close(), inUse: false };
  } catch (error) {
    return { ...noLock, inUse: resultCodeOf(error) === resultCode.busy };
  }
}

/** Raises the error of SQLite. */
function takeLock(path: string, mode: LockMode, timeout: number): DatabaseSync {
  const lock = new DatabaseSync(path);
  try {
    // The journal is in memory because there is never anything to roll back.
    lock.exec(`PRAGMA busy_timeout = ${timeout}; PRAGMA journal_mode = MEMORY`);
    // A read-only transaction has the shared lock from its first read on.
    lock.exec(mode === "exclusive" ? "BEGIN EXCLUSIVE" : "BEGIN; SELECT count(*) FROM sqlite_schema");
    return lock;
  } catch (error) {
    lock.close();
    throw error;
  }
}

/** Raised when others hold a conflicting lock; they may release it a moment later. */
export class DirectoryInUse extends StoreOpenError {}

function inUse(directory: string, mode: LockMode): DirectoryInUse {
  let holder = "";
  try {
    holder = readFileSync(join(directory, holderFile), "utf8");
  } catch {
    // The holder could not write its name.
  }
  const other = `another process${holder === "" ? "" : ` (last opened by ${holder})`}`;
  if (mode === "shared") {
    return new DirectoryInUse(
      `${directory} is being upgraded or checked by ${other}; try again when it has finished`,
    );
  }
  return new DirectoryInUse(
    holder === thisProcess
      ? `${directory} is in use, last by this process (${holder}); close all other stores of it first`
      : `${directory} is in use by ${other}; stop it first, or choose another directory`,
  );
}
