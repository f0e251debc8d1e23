import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { waitWhileBusy } from "./busy-retry.ts";

/** Room below which a disk counts as full, in bytes: about what a batch of puts adds to the log. */
const minimalRoom = 1024 * 1024;

/**
 * Prepares the look whether a put could be stored now; it raises an Error that says why not.
 *
 * It takes the lock of the writer and asks the disk for its room. Only if the last put failed (`doubtful`) does it
 * also commit something, for only that tells a disk that works again from one that does not.
 */
export function writeProbe(database: DatabaseSync): (doubtful: boolean) => void {
  const path = database.location() ?? ".";
  return (doubtful) => {
    const { bavail, bsize } = statfsSync(dirname(path));
    if (bavail * bsize < minimalRoom) {
      throw new Error(
        `the disk of ${path} is full: ${bavail * bsize} bytes are left, ${minimalRoom} are needed; make room`,
      );
    }
    const used = pagesOf(database, "page_count") - pagesOf(database, "freelist_count");
    if (used >= pagesOf(database, "max_page_count")) {
      throw new Error(`${path} has as many pages as it may have`);
    }
    // Written with the value that it has, the version still makes a transaction that changes the file.
    const version = pagesOf(database, "user_version");
    waitWhileBusy(() => database.exec("BEGIN IMMEDIATE"));
    try {
      if (doubtful) {
        database.exec(`PRAGMA user_version = ${version}; COMMIT`);
      }
    } finally {
      if (database.isTransaction) {
        database.exec("ROLLBACK");
      }
    }
  };
}

function pagesOf(database: DatabaseSync, pragma: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
}
