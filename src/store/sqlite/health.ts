import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { type OpenDatabase, readPragma } from "./database.ts";

/** Free space below which a disk counts as full, in bytes: about what a batch of puts adds to the log. */
const minFreeBytes = 1024 * 1024;

/**
 * Creates the check that a put could be stored now. It raises an Error that says why not. It commits a transaction only
 * if the last put failed, because nothing less shows whether the disk works again.
 */
export function createHealthCheck({
  database,
  retryWhileBusy,
  placement,
}: OpenDatabase): (lastPutFailed: boolean) => void {
  const path = database.location() ?? ".";
  return function checkHealth(lastPutFailed) {
    placement.check();
    const { bavail, bsize } = statfsSync(dirname(path));
    if (bavail * bsize < minFreeBytes) {
      throw new Error(
        `the disk of ${path} is full: ${bavail * bsize} bytes are free, ${minFreeBytes} are required; make room`,
      );
    }
    const used = readPragma(database, "page_count") - readPragma(database, "freelist_count");
    if (used >= readPragma(database, "max_page_count")) {
      throw new Error(`${path} has reached its maximum number of pages`);
    }
    // Writing the version, even unchanged, makes a transaction that changes the file.
    const version = readPragma(database, "user_version");
    retryWhileBusy(() => database.exec("BEGIN IMMEDIATE"));
    try {
      if (lastPutFailed) {
        database.exec(`PRAGMA user_version = ${version}; COMMIT`);
      }
    } finally {
      if (database.isTransaction) {
        database.exec("ROLLBACK");
      }
    }
  };
}
