import { readdirSync, rmSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { busyTimeout } from "./busy-retry.ts";
import { createPrivateFile } from "./private-path.ts";
import type { SqlitePage } from "./protocol.ts";
import { pageReader } from "./read-page.ts";

/** The records of a moment, in a file of their own. */
export type SqliteSnapshot = {
  /** Copies some of them, and returns whether they are all there. Raises the error of SQLite. */
  copy(): boolean;
  /** Reads a page, once all are there. */
  readPage(after: number, until: number | undefined, now: number): SqlitePage;
  /** Removes the file. */
  close(): void;
};

/** What the names of the files begin with. */
export const snapshotPrefix = ".snapshot-";

/** Rows that are copied in one go, during which no other call of the thread is answered: about 20 ms. */
const copiedRows = 5_000;

/** Room that must be left on the disk beside the copy, for what is put meanwhile, in bytes. */
const spareRoom = 64 * 1024 * 1024;

/** Age from which on a file that still has its name counts as left by a program that was killed, in ms. */
const leftOverMs = 60_000;

/**
 * Begins a snapshot: from here on it has what the database has now.
 *
 * The rows are copied into a file, and read from there. Read from the database itself they would need a transaction
 * that lasts as long as the reader, who may be slow, and until its end the log cannot be used again. Copying takes
 * seconds, whoever reads; docs/storage-sqlite.md has the figures. Without the indexes it is also an eighth less than a copy
 * by VACUUM INTO, and it can be broken off.
 *
 * Raises an Error if the disk has no room for the copy.
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
  // Nothing of the copy has to outlast anything: it needs no sync, and as all of it is new, next to no journal. A journal
  // on disk would miss the name of the file.
  database.exec(`
    PRAGMA busy_timeout = ${busyTimeout};
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
  // SQLite has it open by now, and needs no name for it: whatever happens to this program, nothing is left behind.
  // Windows keeps the name of an open file.
  remove(path);
  // The first read makes the moment, for all that follow in this transaction.
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
      // The log has grown meanwhile. Left to the next put, it would have to wait until all of that is in the database.
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
  const pragma = (name: string) =>
    Number(Object.values(database.prepare(`PRAGMA live.${name}`).get() ?? {})[0]);
  const used = (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");
  const { bavail, bsize } = statfsSync(directory);
  const [free, needed] = [bavail * bsize, used + spareRoom];
  if (free >= needed) {
    return;
  }
  throw new Error(
    `a snapshot needs up to ${needed} bytes in ${directory}, and ${free} are free; make room, or go without a snapshot`,
  );
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
    // On Windows, while a program has it open: that one removes it in the end.
  }
}
