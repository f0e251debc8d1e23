import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StoreOpenError } from "../plan-store.ts";
import { busyTimeout, pollLocks, waitWhileBusy } from "./busy-retry.ts";
import { DirectoryInUse, type DirectoryLock, lockDirectory } from "./directory-lock.ts";
import { resultCode, resultCodeOf } from "./error.ts";
import { createPrivateFile } from "./private-path.ts";
import { applicationId, migrate, migrations } from "./schema.ts";

export type DatabaseOptions = {
  /** Largest size of the file, in pages of 4 KiB. */
  maxPages?: number | undefined;
  /** Memory for pages of the file, for each connection. Defaults to 16 MiB. */
  cacheBytes?: number | undefined;
  /** Pages in the log at which a commit copies them into the file. Defaults to 250. */
  checkpointPages?: number | undefined;
};

/**
 * 16 MiB hold the inner pages of millions of rows; leaves come from the page cache of the system. More costs: after a
 * page split SQLite walks its whole cache at the commit, 12 % of all CPU time at 64 MiB. At 5 million rows and random
 * puts 512 MiB were no faster, nor was mapping the file into memory.
 */
const defaultCacheBytes = 16 * 1024 * 1024;

/**
 * The commit that reaches it waits until the log, 1 MiB, is in the database. At 5 million rows and random puts the
 * slowest 1 % waited 10 ms, with 1,000 pages 24 ms and with 100 pages 6 ms; those had 2 % more and 11 % less puts.
 */
const defaultCheckpointPages = 250;

/** A claimed directory with its database, until `close`. */
export type OpenDatabase = { readonly database: DatabaseSync; close(): void };

/** Attempts at an upgrade: another process that starts at the same moment may be in the way, or make it first. */
const upgradeAttempts = 3;

/**
 * Opens the database of a directory for use with others, once it has the tables of this program: they are created in
 * an empty file and migrated in an older one, both while nobody else uses it.
 *
 * Raises StoreOpenError, and then leaves a file that it does not know as it was.
 */
export function openDatabase(directory: string, options: DatabaseOptions): OpenDatabase {
  for (let attempt = 1; ; attempt++) {
    const claim = lockDirectory(directory, "shared");
    const database = releasingOnError(claim, () => openCurrent(directory, options));
    if (database) {
      return {
        database,
        close() {
          // The last connection's end copies the log into the database and removes it.
          database.close();
          claim.release();
        },
      };
    }
    claim.release();
    upgrade(directory, attempt === upgradeAttempts);
  }
}

/** Opens the file, and creates it if it is missing. Returns undefined if its tables are to be made or migrated. */
function openCurrent(directory: string, options: DatabaseOptions): DatabaseSync | undefined {
  return withFile(directory, (database, path) => {
    if (identify(database, path) < migrations.length) {
      return undefined;
    }
    requireLog(database, path);
    configure(database, options);
    // SQLite opens what it cannot write as read-only without a word. In WAL mode this touches no disk.
    waitWhileBusy(() => database.exec("BEGIN IMMEDIATE"));
    database.exec(`PRAGMA user_version = ${migrations.length}; ROLLBACK`);
    return database;
  });
}

function upgrade(directory: string, last: boolean): void {
  let claim: DirectoryLock;
  try {
    claim = lockDirectory(directory, "exclusive");
  } catch (error) {
    if (error instanceof DirectoryInUse && !last) {
      return;
    }
    throw error;
  }
  releasingOnError(claim, () => {
    withFile(directory, (database, path) => {
      identify(database, path);
      // Takes effect in an empty file only. 1 and 2 KiB cost more per put once a value no longer fits a page.
      database.exec("PRAGMA page_size = 4096");
      requireLog(database, path);
      migrate(database);
      return undefined;
    });
  });
  claim.release();
}

function releasingOnError<Result>(claim: DirectoryLock, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    claim.release();
    throw error;
  }
}

/** Opens the file and closes it again unless `work` returns it. Raises StoreOpenError. */
function withFile(
  directory: string,
  work: (database: DatabaseSync, path: string) => DatabaseSync | undefined,
): DatabaseSync | undefined {
  const path = join(directory, "plans.sqlite");
  createPrivateFile(path);
  const database = openFile(path);
  let kept: DatabaseSync | undefined;
  try {
    // While the store is opened nobody is kept waiting, and other processes may be recovering the log.
    database.exec(`PRAGMA busy_timeout = ${busyTimeout}`);
    kept = work(database, path);
    return kept;
  } catch (error) {
    throw error instanceof StoreOpenError ? error : explain(error, path);
  } finally {
    if (!kept) {
      database.close();
    }
  }
}

function openFile(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path);
  } catch (error) {
    throw explain(error, path);
  }
}

/** Returns the version of the tables, 0 for an empty database. Raises StoreOpenError for any other than ours. */
export function identify(database: DatabaseSync, path: string): number {
  const application = readPragma(database, "application_id");
  const version = Number(readPragma(database, "user_version"));
  const { tables } = database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get() as {
    tables: number;
  };
  if (application === 0 && version === 0 && tables === 0) {
    return 0;
  }
  if (application !== applicationId) {
    throw new StoreOpenError(
      `${path} is the database of another application; move it away, or choose another directory`,
    );
  }
  if (version <= migrations.length) {
    return version;
  }
  throw new StoreOpenError(
    `${path} has schema version ${version}, but this program knows only those up to ${migrations.length}; ` +
      "run the program that wrote it or a later one, or choose another directory",
  );
}

function requireLog(database: DatabaseSync, path: string): void {
  const mode = readPragma(database, "journal_mode = WAL");
  if (mode === "wal") {
    return;
  }
  throw new StoreOpenError(
    `${path} cannot have a write-ahead log (its journal mode is ${mode}): is it on a network file system? Choose a directory on a local disk`,
  );
}

function configure(database: DatabaseSync, options: DatabaseOptions): void {
  const { maxPages, cacheBytes = defaultCacheBytes, checkpointPages = defaultCheckpointPages } = options;
  pollLocks(database);
  database.exec(`
    PRAGMA synchronous = FULL;
    -- macOS: fsync alone leaves the data in the drive's memory.
    PRAGMA fullfsync = ON;
    -- Negative: in KiB.
    PRAGMA cache_size = -${Math.ceil(cacheBytes / 1024)};
    PRAGMA wal_autocheckpoint = ${checkpointPages};
    -- Bytes that the log keeps of the room that it once needed.
    PRAGMA journal_size_limit = 67108864;
    PRAGMA temp_store = MEMORY;
  `);
  if (maxPages !== undefined) {
    database.exec(`PRAGMA max_page_count = ${maxPages}`);
  }
}

function readPragma(database: DatabaseSync, pragma: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0];
}

function explain(error: unknown, path: string): StoreOpenError {
  const message = error instanceof Error ? error.message : String(error);
  switch (resultCodeOf(error)) {
    case resultCode.notADatabase:
      return new StoreOpenError(
        `${path} is not a SQLite database; move it away, or choose another directory`,
      );
    case resultCode.corrupt:
      return new StoreOpenError(`${path} is damaged (${message}); restore it from a backup, or move it away`);
    case resultCode.busy:
      return new StoreOpenError(`${path} is locked by another program (${message}); stop it first`);
    case resultCode.full:
      return new StoreOpenError(`${path} cannot be created: ${message}; make room on the disk`);
    case resultCode.readOnly:
    case resultCode.cannotOpen:
      return new StoreOpenError(
        `${path} cannot be opened for writing: ${message}; see whether its disk is mounted for writing, or choose ` +
          "another directory",
      );
    default:
      return new StoreOpenError(`${path} cannot be opened for writing: ${message}`);
  }
}
