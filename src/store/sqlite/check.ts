import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { DatabaseSync } from "../node-sqlite.ts";
import { type PutRecord, StoreOpenError } from "../plan-store.ts";
import { kindOf } from "../record.ts";
import { isRemoval } from "../remove-record.ts";
import { defaultBusyTimeout } from "./busy-retry.ts";
import { identify } from "./database.ts";
import { lockForCheck } from "./directory-lock.ts";
import { messageWithAdvice } from "./error.ts";
import { type RecordRow, recordOfRow, selectRows } from "./read-page.ts";
import { migrations } from "./schema.ts";

/** The result of a check. */
type SqliteCheck = {
  /** Number of records checked, expired ones included. */
  readonly records: number;
  /** Whether a program had the store open; then records may have changed during the check. */
  readonly inUse: boolean;
  /** What is wrong, without user keys; empty if nothing is. */
  readonly problems: readonly string[];
};

type CheckRecord = (record: PutRecord) => readonly string[];

/** Problems listed of SQLite and of rows; further ones are only counted. */
const maxListed = 100;

/** Rows read in one transaction; until its end the log of a running server grows. */
const pageRows = 500;

/**
 * Checks the whole database of a directory: SQLite checks pages and indexes, this function the shape of every record, and
 * `checkRecord` the content of well-formed records. Changes no byte of the directory, whatever state a server left it in,
 * and can run beside a server. Blocks the thread for about ten seconds per million records.
 *
 * Raises StoreOpenError if there is no store.
 */
export function checkSqlite(directory: string, checkRecord: CheckRecord = () => []): SqliteCheck {
  const path = join(directory, "plans.sqlite");
  if (!existsSync(path)) {
    throw new StoreOpenError(`${path} does not exist; name the directory of a store`);
  }
  const lock = lockForCheck(directory);
  const problems: string[] = [];
  let records = 0;
  let database: DatabaseSync | undefined;
  try {
    collect(problems, () => {
      database = openUnchanged(path, lock.inUse);
      requireTables(database, path);
      const found = database.prepare(`PRAGMA integrity_check(${maxListed})`);
      collect(problems, () => {
        for (const row of found.iterate() as Iterable<{ integrity_check: string }>) {
          if (row.integrity_check !== "ok") {
            problems.push(row.integrity_check);
          }
        }
      });
      records = checkRows(database, checkRecord, problems);
    });
    return { records, inUse: lock.inUse, problems };
  } finally {
    database?.close();
    lock.release();
  }
}

/**
 * Opens the file without changing the directory. An ordinary connection, even a read-only one, would rebuild the index
 * of a log that a killed server has left.
 */
function openUnchanged(path: string, inUse: boolean): DatabaseSync {
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
  const url = pathToFileURL(path);
  if (!inUse && !log?.size) {
    url.search = "immutable=1";
    return new DatabaseSync(url, { readOnly: true });
  }
  if (inUse || process.platform === "win32") {
    const database = new DatabaseSync(path, { readOnly: true });
    database.exec(`PRAGMA busy_timeout = ${defaultBusyTimeout}`);
    return database;
  }
  // No other process has it open, so the index can be in memory and needs no locks.
  url.search = "vfs=unix-none";
  const database = new DatabaseSync(url, { readOnly: true });
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  return database;
}

function requireTables(database: DatabaseSync, path: string): void {
  const version = identify(database, path);
  if (version === migrations.length) {
    return;
  }
  throw new Error(
    version === 0
      ? "has no tables; if records are missing, restore it from a backup"
      : `has schema version ${version} of ${migrations.length}; start a server on it once to migrate it`,
  );
}

function collect(problems: string[], check: () => void): void {
  try {
    check();
  } catch (error) {
    problems.push(messageWithAdvice(error));
  }
}

function checkRows(database: DatabaseSync, checkRecord: CheckRecord, problems: string[]): number {
  const next = database.prepare(`${selectRows} WHERE row > ? ORDER BY row LIMIT ${pageRows}`);
  let records = 0;
  let removed = 0;
  let invalid = 0;
  let last = 0;
  collect(problems, () => {
    for (let rows = 1; rows > 0; ) {
      rows = 0;
      for (const row of next.iterate(last) as Iterable<RecordRow>) {
        rows++;
        last = row.row;
        const shape = shapeProblemOf(row);
        const record = shape === undefined ? recordOfRow(row) : undefined;
        if (record && isRemoval(record)) {
          removed++;
          continue;
        }
        const found = record ? checkRecord(record) : [shape ?? ""];
        if (found.length > 0 && invalid++ < maxListed) {
          problems.push(`row ${row.row} ${found.join("; ")}`);
        }
      }
      records += rows;
    }
  });
  if (invalid > maxListed) {
    problems.push(`${invalid - maxListed} more rows are invalid`);
  }
  return records - removed;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function shapeProblemOf(row: RecordRow): string | undefined {
  const { asn, kind, client_id, id, update_seconds, update_nanos } = row;
  if (kindOf(kind) === undefined) {
    return `has the kind ${kind}, which is unknown to this program`;
  }
  if (asn < 1 || asn > 4_294_967_295) {
    return `has the operator ${asn}, which is not an ASN`;
  }
  if (id.length === 0) {
    return "has an empty id";
  }
  if (!isText(client_id) || !isText(id)) {
    return "has a key that is not UTF-8";
  }
  if ((update_seconds === null) !== (update_nanos === null)) {
    return "has only a part of an update time";
  }
  if (update_nanos !== null && (update_nanos < 0 || update_nanos > 999_999_999)) {
    return `has ${update_nanos} nanoseconds; 0 to 999999999 are valid`;
  }
  return undefined;
}

function isText(bytes: Uint8Array): boolean {
  try {
    utf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}
