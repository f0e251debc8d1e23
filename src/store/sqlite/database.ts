import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { ownerAdvice } from "../../contract/file-owner.ts";
import { identityAt } from "../../contract/watched-directory.ts";
import { DatabaseSync } from "../node-sqlite.ts";
import { StoreOpenError } from "../plan-store.ts";
import { createBusyRetry, defaultBusyTimeout, type RetryWhileBusy } from "./busy-retry.ts";
import { DirectoryInUse, type DirectoryLock, lockDirectory, nameHolder } from "./directory-lock.ts";
import { resultCode, resultCodeOf } from "./error.ts";
import { type Placement, placementOf } from "./placement.ts";
import { createPrivateFile, requireWritable } from "./private-path.ts";
import { applicationId, migrate, migrations } from "./schema.ts";

export type DatabaseOptions = {
  /** Largest size of the file, in pages of 4 KiB; at that size puts fail as on a full disk. No limit by default. */
  maxPages?: number | undefined;
  /** Memory for pages of the file, for each connection, in bytes. Defaults to 16 MiB. */
  cacheBytes?: number | undefined;
  /**
   * Pages of 4 KiB in the log at which a commit copies them into the file. Defaults to 250. Fewer make the slowest puts
   * faster, more all puts on a disk that takes milliseconds to sync.
   */
  checkpointPages?: number | undefined;
  /** How long a call waits for another connection that has the database locked, in ms. Defaults to 5,000. */
  busyTimeout?: number | undefined;
  /** How long opening waits while another process upgrades or checks the store, in ms. Defaults to 2,000. */
  openTimeout?: number | undefined;
};

/**
 * 16 MiB hold the inner pages of millions of rows; the system caches the leaves. More costs time: after a page split
 * SQLite walks its whole cache at the commit, 12 % of all CPU time at 64 MiB.
 */
const defaultCacheBytes = 16 * 1024 * 1024;

/**
 * The commit that reaches this size waits until the log, 1 MiB, is in the database. At 5 million rows and random puts
 * the slowest 1 % waited 10 ms; with 1,000 pages 24 ms and 2 % more puts, with 100 pages 6 ms and 11 % fewer puts.
 */
const defaultCheckpointPages = 250;

/** A locked directory with its database, until `close`. */
export type OpenDatabase = {
  readonly database: DatabaseSync;
  /** Runs each statement that another connection may block. */
  readonly retryWhileBusy: RetryWhileBusy;
  readonly placement: Placement;
  close(): void;
};

/** Attempts to upgrade: another process that starts at the same moment may block one, or upgrade first. */
const upgradeAttempts = 3;

/**
 * Opens the database of a directory, which other processes may use as well. Creates or migrates the tables once no other
 * process uses the directory. With `identity`, opens only the file that has it. Raises StoreOpenError, and does not
 * change an unknown file.
 */
export function openDatabase(directory: string, options: DatabaseOptions, identity?: string): OpenDatabase {
  const path = join(directory, "plans.sqlite");
  if (identity !== undefined && identityAt(path) !== identity) {
    throw new StoreOpenError(
      `${path} was removed or replaced since this program opened it; put the original file back, or restart the program`,
    );
  }
  const retryWhileBusy = createBusyRetry(options.busyTimeout ?? defaultBusyTimeout);
  for (let attempt = 1; ; attempt++) {
    const lock = lockDirectory(directory, "shared", options.openTimeout);
    const database = releasingOnError(lock, () => openCurrent(path, options, retryWhileBusy));
    if (database) {
      nameHolder(directory);
      return {
        database,
        retryWhileBusy,
        placement: placementOf(database, path),
        close() {
          // Closing the last connection copies the log into the database and removes it.
          database.close();
          lock.release();
        },
      };
    }
    lock.release();
    upgrade(directory, path, attempt === upgradeAttempts);
  }
}

/** Returns undefined if the file or its tables are missing, or are old. */
function openCurrent(
  path: string,
  options: DatabaseOptions,
  retryWhileBusy: RetryWhileBusy,
): DatabaseSync | undefined {
  // Created under the exclusive lock only: another program may have had a file open that was removed.
  if (!existsSync(path)) {
    return undefined;
  }
  return withFile(path, (database) => {
    if (identify(database, path) < migrations.length) {
      return undefined;
    }
    requireLog(database, path);
    configure(database, options);
    // SQLite silently opens a file that it cannot write as read-only. In WAL mode this test writes nothing to disk.
    retryWhileBusy(() => database.exec("BEGIN IMMEDIATE"));
    database.exec(`PRAGMA user_version = ${migrations.length}; ROLLBACK`);
    return database;
  });
}

function upgrade(directory: string, path: string, isLastAttempt: boolean): void {
  let lock: DirectoryLock;
  try {
    lock = lockDirectory(directory, "exclusive");
  } catch (error) {
    if (!(error instanceof DirectoryInUse)) {
      throw error;
    }
    if (!isLastAttempt) {
      return;
    }
    throw existsSync(path)
      ? error
      : new StoreOpenError(`${path} is missing, but ${error.message}, or put the file back`);
  }
  releasingOnError(lock, () => {
    nameHolder(directory);
    requireNoOtherLog(path);
    createPrivateFile(path);
    withFile(path, (database) => {
      identify(database, path);
      // Takes effect in an empty file only. 1 and 2 KiB cost more per put once a value no longer fits a page.
      database.exec("PRAGMA page_size = 4096");
      requireLog(database, path);
      migrate(database);
      return undefined;
    });
  });
  lock.release();
}

// SQLite deletes the log of an empty database, but this one has records of a file that may only have been moved away.
function requireNoOtherLog(path: string): void {
  const log = `${path}-wal`;
  if (!existsSync(path) && (statSync(log, { throwIfNoEntry: false })?.size ?? 0) > 0) {
    throw new StoreOpenError(
      `${path} is missing, but ${log} has records of it; put the file back, or remove the log to start without records`,
    );
  }
}

function releasingOnError<Result>(lock: DirectoryLock, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Opens an existing file and closes it again unless `work` returns it. Raises StoreOpenError. */
function withFile(
  path: string,
  work: (database: DatabaseSync) => DatabaseSync | undefined,
): DatabaseSync | undefined {
  requireWritable(path);
  let database: DatabaseSync | undefined;
  let opened: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    // SQLite may wait here, because no call is waiting yet, and other processes may be recovering the log.
    database.exec(`PRAGMA busy_timeout = ${defaultBusyTimeout}`);
    opened = work(database);
    return opened;
  } catch (error) {
    throw error instanceof StoreOpenError ? error : explain(error, path);
  } finally {
    if (!opened) {
      database?.close();
    }
  }
}

/** Returns the version of the tables, 0 for an empty database. Raises StoreOpenError if they are not ours. */
export function identify(database: DatabaseSync, path: string): number {
  const application = readPragma(database, "application_id");
  const version = readPragma(database, "user_version");
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
    `${path} has schema version ${version}, but this program only supports versions up to ${migrations.length}; ` +
      "run the program that wrote it or a later one, or choose another directory",
  );
}

function requireLog(database: DatabaseSync, path: string): void {
  const { journal_mode: mode } = database.prepare("PRAGMA journal_mode = WAL").get() as {
    journal_mode: string;
  };
  if (mode === "wal") {
    return;
  }
  throw new StoreOpenError(
    `${path} cannot have a write-ahead log (its journal mode is ${mode}): is it on a network file system? Choose a directory on a local disk`,
  );
}

function configure(database: DatabaseSync, options: DatabaseOptions): void {
  const { maxPages, cacheBytes = defaultCacheBytes, checkpointPages = defaultCheckpointPages } = options;
  database.exec(`
    -- See retryWhileBusy.
    PRAGMA busy_timeout = 0;
    PRAGMA synchronous = FULL;
    -- macOS: fsync alone leaves the data in the drive's memory.
    PRAGMA fullfsync = ON;
    -- Negative: in KiB.
    PRAGMA cache_size = -${Math.ceil(cacheBytes / 1024)};
    PRAGMA wal_autocheckpoint = ${checkpointPages};
    -- Largest size of the log that stays on disk after a checkpoint, in bytes.
    PRAGMA journal_size_limit = 67108864;
    PRAGMA temp_store = MEMORY;
  `);
  if (maxPages !== undefined) {
    database.exec(`PRAGMA max_page_count = ${maxPages}`);
  }
}

/** Returns the value of a pragma that is a number. */
export function readPragma(database: DatabaseSync, pragma: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
}

function explain(error: unknown, path: string): StoreOpenError {
  const message = error instanceof Error ? error.message : String(error);
  const foreign = [`${path}-wal`, `${path}-shm`].find((file) => existsSync(file) && ownerAdvice(file) !== "");
  if (foreign !== undefined) {
    return new StoreOpenError(`${foreign} cannot be opened: ${message}${ownerAdvice(foreign)}`);
  }
  return new StoreOpenError(`${path} ${problemOf(resultCodeOf(error), message)}`);
}

function problemOf(code: number | undefined, message: string): string {
  switch (code) {
    case resultCode.notADatabase:
      return "is not a SQLite database; move it away, or choose another directory";
    case resultCode.corrupt:
      return `is damaged (${message}); restore it from a backup, or move it away`;
    case resultCode.busy:
      return `is locked by another program (${message}); stop it first`;
    case resultCode.full:
      return `cannot be opened for writing: ${message}; free space on the disk`;
    case resultCode.io:
      return `cannot be opened for writing: ${message}; check that the disk has free space and works, and the limit on the size of files (ulimit -f)`;
    case resultCode.readOnly:
    case resultCode.cannotOpen:
      return `cannot be opened for writing: ${message}; check that its disk is mounted for writing, or choose another directory`;
    default:
      return `cannot be opened for writing: ${message}`;
  }
}
