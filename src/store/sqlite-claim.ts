import { readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StoreOpenError } from "./plan-store.ts";
import { createPrivateFile } from "./private-path.ts";
import { messageOf, resultCode, resultCodeOf } from "./sqlite-error.ts";

/** A directory that this store alone uses until `release`. */
export type Claim = { release(): void };

/** Names this process. The host belongs to it: in containers on one disk every program may have pid 1. */
const thisProcess = `pid ${process.pid} on ${hostname()}`;

/**
 * How long a claim waits for another one, in ms: two programs that start at the same moment see each other's
 * attempt, and a restarted one may come before the kernel has cleared the old one away.
 */
const claimTimeout = 250;

/**
 * Claims an existing directory for one store.
 *
 * The claim is a lock that SQLite holds on an otherwise empty file. The kernel drops it when the process dies,
 * however it dies, so there is no stale lock to clean up. It is apart from the database so that the database
 * itself stays readable for tools, and so that sharing it between processes is a matter of not claiming.
 *
 * Raises StoreOpenError.
 */
export function claimDirectory(directory: string): Claim {
  const lockPath = join(directory, "lock.sqlite");
  const holderPath = join(directory, "lock.holder");
  createPrivateFile(lockPath);
  const lock = new DatabaseSync(lockPath);
  try {
    // The journal in memory, as there will never be anything to roll back.
    lock.exec(`PRAGMA busy_timeout = ${claimTimeout}; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE`);
  } catch (error) {
    lock.close();
    if (resultCodeOf(error) === resultCode.busy) throw inUse(directory, holderPath);
    throw new StoreOpenError(
      `cannot lock ${lockPath}: ${messageOf(error)}; remove this file if no program uses it`,
    );
  }
  try {
    writeFileSync(holderPath, thisProcess, { mode: 0o600 });
  } catch {
    // It only serves the message of those who come second: a full disk is no reason to refuse the first.
  }
  // The name stays behind: it means something only while the lock is held.
  return { release: () => lock.close() };
}

function inUse(directory: string, holderPath: string): StoreOpenError {
  const holder = holderOf(holderPath);
  if (holder === thisProcess) {
    return new StoreOpenError(
      `${directory} is already open in this process (${holder}); close that store first`,
    );
  }
  const who = holder === "" ? "" : ` (${holder})`;
  return new StoreOpenError(
    `${directory} is in use by another process${who}; stop it first, or choose another directory`,
  );
}

function holderOf(holderPath: string): string {
  try {
    return readFileSync(holderPath, "utf8");
  } catch {
    return "";
  }
}
