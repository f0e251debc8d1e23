import { readdirSync, rmSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "../node-sqlite.ts";
import { defaultBusyTimeout } from "./busy-retry.ts";
import { readPragma } from "./database.ts";
import { createPrivateFile } from "./private-path.ts";
import type { SqlitePage } from "./protocol.ts";
import { pageReader } from "./read-page.ts";

/** A copy of the records as of one moment, in its own file. */
export type SqliteSnapshot = {
  /** Copies some records, and returns whether the copy is complete. Raises the error of SQLite. */
  copy(): boolean;
  /** Reads a page of a complete copy. */
  readPage(after: number, until: number | undefined, now: number): SqlitePage;
  /** Removes the file. */
  close(): void;
};

/** Prefix of the names of the files. */
const snapshotPrefix = ".snapshot-";

/** Rows copied by one call, during which the thread answers no other: about 20 ms. */
const copiedRows = 5_000;

/** Free space that must remain on the disk for puts during the scan, in bytes. */
const spareBytes = 64 * 1024 * 1024;

/** Age from which a file that still has its name was left by a program that was killed, in ms. */
const leftOverMs = 60_000;

/**
 * Begins to copy the current rows into a file, to be read from there. Raises an Error if the disk has too little space.
 *
 * A transaction in the database itself would last as long as the reader, which may be slow, and the log would grow until
 * then. Copying takes seconds (docs/storage/sqlite.md has the figures) and can be aborted, unlike VACUUM INTO.
 */
export function beginSnapshot(directory: string, name: string): SqliteSnapshot {
  removeLeftOvers(directory);
  const path = join(directory, `${snapshotPrefix}${name}`);
  createPrivateFile(path);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    return startCopy(database, directory, path);
  } catch (error) {
    database?.close();
    remove(path);
    throw error;
  }
}

function startCopy(database: DatabaseSync, directory: string, path: string): SqliteSnapshot {
  // The copy need not survive anything, so it is never synced. A journal on disk would need the name of the file.
  database.exec(`
    PRAGMA busy_timeout = ${defaultBusyTimeout};
    PRAGMA page_size = 4096;
    PRAGMA main.journal_mode = MEMORY;
    PRAGMA main.synchronous = OFF;
    PRAGMA fullfsync = ON`);
  database.prepare("ATTACH ? AS live").run(join(directory, "plans.sqlite"));
  requireRoom(database, directory);
  const { sql } = database.prepare("SELECT sql FROM live.sqlite_schema WHERE name = 'record'").get() as {
    sql: string;
  };
  database.exec(sql);
  // SQLite has the file open and no longer needs its name: even a program that is killed leaves nothing behind.
  // On Windows the name of an open file stays.
  remove(path);
  // The first read fixes the moment that the whole transaction sees.
  database.exec("BEGIN; SELECT 1 FROM live.record LIMIT 1");
  const copySome = database.prepare(
    "INSERT INTO main.record SELECT * FROM live.record WHERE row > ? ORDER BY row LIMIT ?",
  );
  let last = 0;
  let readPage: SqliteSnapshot["readPage"] | undefined;

  return {
    copy() {
      const { changes, lastInsertRowid } = copySome.run(last, copiedRows);
      if (changes === copiedRows) {
        last = Number(lastInsertRowid);
        return false;
      }
      // The log has grown meanwhile. Without this checkpoint, the next put would have to wait for one.
      database.exec("COMMIT; PRAGMA live.wal_checkpoint; DETACH live");
      readPage = pageReader(database);
      return true;
    },
    readPage(after, until, now) {
      if (!readPage) {
        throw new Error("the snapshot is not complete");
      }
      return readPage(after, until, now);
    },
    close() {
      database.close();
      remove(path);
    },
  };
}

function requireRoom(database: DatabaseSync, directory: string): void {
  const pragma = (name: string) => readPragma(database, `live.${name}`);
  const needed = (pragma("page_count") - pragma("freelist_count")) * pragma("page_size") + spareBytes;
  const { bavail, bsize } = statfsSync(directory);
  if (bavail * bsize < needed) {
    throw new Error(
      `a snapshot needs up to ${needed} bytes in ${directory}, and ${bavail * bsize} are free; make room, or scan without a snapshot`,
    );
  }
}

function removeLeftOvers(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(snapshotPrefix)) {
      continue;
    }
    const path = join(directory, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat && Date.now() - stat.mtimeMs > leftOverMs) {
      remove(path);
    }
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // On Windows this fails while a program has the file open; that program removes it in the end.
  }
}
