import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StoreOpenError } from "../plan-store.ts";
import { messageWithAdvice, resultCode, resultCodeOf } from "./error.ts";
import { createPrivateFile } from "./private-path.ts";

/** A directory that may be used until `release`. */
export type DirectoryLock = { release(): void };

/**
 * `shared`: with others that have a shared claim, to read and write records.
 * `exclusive`: alone, to change the tables.
 */
export type LockMode = "shared" | "exclusive";

/** Names this process. The host belongs to it: in containers on one disk every program may have pid 1. */
const thisProcess = `pid ${process.pid} on ${hostname()}`;

/**
 * How long a claim waits for others, in ms. A shared one gives the first program that starts time to create the
 * tables; an exclusive one gives the kernel time to clear away a program that was killed.
 */
const lockTimeouts: Readonly<Record<LockMode, number>> = { shared: 2_000, exclusive: 250 };

/**
 * Claims an existing directory.
 *
 * The claim is a lock that SQLite holds on an otherwise empty file. The kernel drops it when the process dies,
 * however it dies, so there is no stale lock to clean up. It is apart from the database, whose own locks say only
 * who is reading or writing at this moment.
 *
 * Raises StoreOpenError.
 */
export function lockDirectory(directory: string, mode: LockMode): DirectoryLock {
  const lockPath = join(directory, "lock.sqlite");
  const holderPath = join(directory, "lock.holder");
  createPrivateFile(lockPath);
  let lock: DatabaseSync;
  try {
    lock = takeLock(lockPath, mode);
  } catch (error) {
    if (resultCodeOf(error) === resultCode.busy) {
      throw inUse(directory, mode, holderOf(holderPath));
    }
    throw new StoreOpenError(
      `cannot lock ${lockPath}: ${messageWithAdvice(error)}; remove this file if no program uses it`,
    );
  }
  try {
    writeFileSync(holderPath, thisProcess, { mode: 0o600 });
  } catch {
    // It only serves the message of those who come later: a full disk is no reason to refuse the first.
  }
  // The name stays behind: it means something only while the lock is held.
  return { release: () => lock.close() };
}

/** A claim to look at a directory; `inUse` if others have it open, who go on. */
export type CheckLock = DirectoryLock & { readonly inUse: boolean };

/**
 * Claims an existing directory alone if nobody has it open, and changes nothing in it. One that no program has ever
 * opened, such as a backup, or that cannot be written has no lock to take, and is left without.
 */
export function lockForCheck(directory: string): CheckLock {
  const lockPath = join(directory, "lock.sqlite");
  const without = { release: () => undefined, inUse: false };
  if (!existsSync(lockPath)) {
    return without;
  }
  try {
    const lock = takeLock(lockPath, "exclusive");
    return { release: () => lock.close(), inUse: false };
  } catch (error) {
    return { ...without, inUse: resultCodeOf(error) === resultCode.busy };
  }
}

/** Raises the error of SQLite. */
function takeLock(path: string, mode: LockMode): DatabaseSync {
  const lock = new DatabaseSync(path);
  try {
    // The journal in memory, as there will never be anything to roll back.
    lock.exec(`PRAGMA busy_timeout = ${lockTimeouts[mode]}; PRAGMA journal_mode = MEMORY`);
    // A transaction that only reads has the shared lock from its first read on.
    lock.exec(mode === "exclusive" ? "BEGIN EXCLUSIVE" : "BEGIN; SELECT count(*) FROM sqlite_schema");
    return lock;
  } catch (error) {
    lock.close();
    throw error;
  }
}

/** Raised when others are in the way of a claim; they may have gone a moment later. */
export class DirectoryInUse extends StoreOpenError {}

function inUse(directory: string, mode: LockMode, holder: string): DirectoryInUse {
  if (mode === "shared") {
    return new DirectoryInUse(
      `${directory} is being upgraded or checked by another process${last(holder)}; try again when that has ended`,
    );
  }
  if (holder === thisProcess) {
    return new DirectoryInUse(`${directory} is open in this process (${holder}); close that store first`);
  }
  return new DirectoryInUse(
    `${directory} is in use by another process${last(holder)}; stop it first, or choose another directory`,
  );
}

function last(holder: string): string {
  return holder === "" ? "" : ` (last opened by ${holder})`;
}

function holderOf(holderPath: string): string {
  try {
    return readFileSync(holderPath, "utf8");
  } catch {
    return "";
  }
}
