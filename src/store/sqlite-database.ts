import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StoreOpenError } from "./plan-store.ts";
import { createPrivateFile } from "./private-path.ts";
import { messageOf, resultCode, resultCodeOf } from "./sqlite-error.ts";

/** Marks the file as ours: "MDPS". SQLite keeps it at byte 68 of the header, where file(1) looks. */
const applicationId = 0x4d445053;

/** Version of the tables below, kept as user_version. */
const schemaVersion = 1;

// An ordinary table with a row number, not WITHOUT ROWID: with the value inside the key's b-tree, puts of new
// keys ran at half the speed. Ids are BLOBs: a NUL inside TEXT surprises, https://sqlite.org/nulinstr.html.
const schema = `
  CREATE TABLE record (
    row INTEGER PRIMARY KEY,
    asn INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    client_id BLOB NOT NULL,
    id BLOB NOT NULL,
    update_seconds INTEGER,
    update_nanos INTEGER,
    expires_at_ms INTEGER,
    value BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX record_key ON record (asn, kind, client_id, id);
  CREATE INDEX record_expiry ON record (expires_at_ms) WHERE expires_at_ms IS NOT NULL;
`;

/**
 * Opens the database of a claimed directory, and creates it if it is missing or empty.
 * `maxPages` bounds the file's size, in pages of 4 KiB.
 *
 * Raises StoreOpenError, and then leaves a file that it does not know as it was.
 */
export function openDatabase(directory: string, maxPages: number | undefined): DatabaseSync {
  const path = join(directory, "plans.sqlite");
  createPrivateFile(path);
  const database = openFile(path);
  try {
    // Only other programs, such as the sqlite3 shell, can be in the way.
    database.exec("PRAGMA busy_timeout = 5000");
    const isNew = identify(database, path);
    configure(database, path, maxPages);
    if (isNew) create(database);
    // SQLite opens what it cannot write as read-only without a word. In WAL mode this touches no disk.
    database.exec(`BEGIN IMMEDIATE; PRAGMA user_version = ${schemaVersion}; ROLLBACK`);
    return database;
  } catch (error) {
    database.close();
    throw error instanceof StoreOpenError ? error : explain(error, path);
  }
}

function openFile(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path);
  } catch (error) {
    throw explain(error, path);
  }
}

/** Returns true for an empty database, false for one of ours; raises StoreOpenError for any other. */
function identify(database: DatabaseSync, path: string): boolean {
  const application = readPragma(database, "application_id");
  const version = readPragma(database, "user_version");
  const { tables } = database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get() as {
    tables: number;
  };
  if (application === 0 && version === 0 && tables === 0) return true;
  if (application !== applicationId) {
    throw new StoreOpenError(
      `${path} is the database of another application; move it away, or choose another directory`,
    );
  }
  if (version === schemaVersion) return false;
  throw new StoreOpenError(
    `${path} has schema version ${version}, but this program knows only ${schemaVersion}; ` +
      "run the program that wrote it or a later one, or choose another directory",
  );
}

function configure(database: DatabaseSync, path: string, maxPages: number | undefined): void {
  // Takes effect in an empty file only. 1 and 2 KiB cost more per put once a value no longer fits a page.
  database.exec("PRAGMA page_size = 4096");
  const mode = readPragma(database, "journal_mode = WAL");
  if (mode !== "wal") {
    throw new StoreOpenError(
      `${path} cannot have a write-ahead log (its journal mode is ${mode}): is it on a network file system? Choose a directory on a local disk`,
    );
  }
  database.exec(`
    PRAGMA synchronous = FULL;
    -- macOS: fsync alone leaves the data in the drive's memory.
    PRAGMA fullfsync = ON;
    -- 16 MiB hold the inner pages of millions of rows; leaves come from the page cache of the system. More costs:
    -- after a page split SQLite walks its whole cache at the commit, 12 % of all CPU time at 64 MiB.
    PRAGMA cache_size = -16384;
    -- In pages, 4 MiB. The commit that reaches it also copies the log into the database: at four times the size
    -- the slowest 1 % of the puts waited twice as long.
    PRAGMA wal_autocheckpoint = 1000;
    -- Bytes that the log keeps of the room that it once needed.
    PRAGMA journal_size_limit = 67108864;
    PRAGMA temp_store = MEMORY;
  `);
  if (maxPages !== undefined) database.exec(`PRAGMA max_page_count = ${maxPages}`);
}

function create(database: DatabaseSync): void {
  database.exec(`
    BEGIN IMMEDIATE;
    ${schema}
    PRAGMA application_id = ${applicationId};
    PRAGMA user_version = ${schemaVersion};
    COMMIT;
  `);
}

function readPragma(database: DatabaseSync, pragma: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0];
}

function explain(error: unknown, path: string): StoreOpenError {
  const message = messageOf(error);
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
    default:
      return new StoreOpenError(`${path} cannot be opened for writing: ${message}`);
  }
}
