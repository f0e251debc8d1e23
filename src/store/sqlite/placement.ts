import { lstatSync, realpathSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { identityAt } from "../../contract/watched-directory.ts";

/** Whether the files of an open database are still at their paths. */
export type Placement = {
  /** Distinguishes the database file from every other file of the machine. */
  readonly identity: string;
  /**
   * Raises an Error if a file of the database was removed, replaced or truncated since it was opened. SQLite does not
   * notice, and writes into files without a name, whose contents are lost when the process ends. Takes about 4 µs.
   */
  check(): void;
};

/** How a file differs from the one that was opened. */
type Change = "removed" | "replaced" | "truncated";

/** Bytes of a page in the log, with its header. */
const frameBytes = 24 + 4096;

/** Remembers the files of a database in WAL mode. It must have run a transaction, because that opens the log. */
export function placementOf(database: DatabaseSync, path: string): Placement {
  // SQLite places the log beside the file that a symbolic link points to.
  const real = realpathSync(path);
  const isLink = lstatSync(path).isSymbolicLink();
  const files = (isLink ? [path, real] : [path]).map((each) => trackFile(each));
  const logFiles = [`${real}-wal`, `${real}-shm`].map((each) => trackFile(each, isComplete));
  let isSaved = false;

  /** Returns whether a log of this size has all pages that are not in the database. Checkpoints may shorten it. */
  function isComplete(size: bigint): boolean {
    try {
      const { log } = database.prepare("PRAGMA wal_checkpoint").get() as { log: number };
      return size >= log * frameBytes;
    } catch {
      return false;
    }
  }

  return {
    identity: identityAt(real) ?? "",
    check() {
      for (const { path, change } of files) {
        requireUnchanged(path, change());
      }
      const changes = logFiles.map(({ change }) => change());
      if (!isSaved && changes.includes("removed") && !changes.includes("replaced")) {
        // All programs that have the removed files open share their locks, so the records can be saved into the
        // database. A program that opens it later creates new files and does not share the locks.
        isSaved = true;
        database.exec("PRAGMA wal_checkpoint");
      }
      for (const [index, change] of changes.entries()) {
        requireUnchanged(logFiles[index]?.path ?? path, change);
      }
    },
  };
}

/** `mayShrinkTo` returns whether a file that has become shorter is complete. */
function trackFile(path: string, mayShrinkTo = (_: bigint) => false) {
  const look = () => lstatSync(path, { bigint: true, throwIfNoEntry: false });
  const opened = look();
  let size = opened?.size ?? 0n;
  return {
    path,
    change(): Change | undefined {
      const found = look();
      if (!found) {
        return "removed";
      }
      if (found.ino !== opened?.ino || found.dev !== opened.dev) {
        return "replaced";
      }
      if (found.size < size && !mayShrinkTo(found.size)) {
        return "truncated";
      }
      size = found.size;
      return undefined;
    },
  };
}

function requireUnchanged(path: string, change: Change | undefined): void {
  if (change === undefined) {
    return;
  }
  const advice =
    change === "truncated"
      ? "stop every program that uses the directory, and restore a backup unless VACUUM has compacted the database"
      : "put the original file back, or stop every program that uses the directory and start again";
  throw new Error(`${path} was ${change} while it was open, so that records would be lost; ${advice}`);
}
