import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { type PutRecord, StoreOpenError } from "../plan-store.ts";
import { kindOf } from "../record-kind.ts";
import { busyTimeout } from "./busy-retry.ts";
import { identify } from "./database.ts";
import { lockForCheck } from "./directory-lock.ts";
import { messageWithAdvice } from "./error.ts";
import { type RecordRow, recordOfRow, selectRows } from "./read-page.ts";
import { migrations } from "./schema.ts";

/** What a check has found. */
export type SqliteCheck = {
  /** Records that were looked at, expired ones included. */
  readonly records: number;
  /** Whether a program had the store open; then each page of records is as of a moment of its own. */
  readonly inUse: boolean;
  /** What is wrong, in words without user keys; empty if nothing is. */
  readonly faults: readonly string[];
};

/** Returns what is wrong with a record beyond what the store knows of it. */
export type LookAtRecord = (record: PutRecord) => readonly string[];

/** Faults of a kind after which the rest is only counted. */
const mostFaults = 100;

/** Rows that are read in one transaction: a server that runs meanwhile cannot use its log again before its end. */
const pageRows = 500;

/**
 * Looks at the whole database of a directory: first SQLite at its pages and indexes, then at the shape of every record,
 * and what `look` has to say of each. Changes no byte of the directory, whatever state a server left it in, and lets
 * one run. Blocks the thread, some ten seconds for each million records.
 *
 * Raises StoreOpenError if there is no store.
 */
export function checkSqlite(directory: string, look: LookAtRecord = () => []): SqliteCheck {
  const path = join(directory, "plans.sqlite");
  if (!existsSync(path)) {
    throw new StoreOpenError(`${path} does not exist; name the directory of a store`);
  }
  const claim = lockForCheck(directory);
  const faults: string[] = [];
  let records = 0;
  let database: DatabaseSync | undefined;
  try {
    attempt(faults, () => {
      database = openToLook(path, claim.inUse);
      requireTables(database, path);
      const found = database.prepare(`PRAGMA integrity_check(${mostFaults})`);
      attempt(faults, () => {
        for (const row of found.iterate() as Iterable<{ integrity_check: string }>) {
          if (row.integrity_check !== "ok") {
            faults.push(row.integrity_check);
          }
        }
      });
      records = checkRows(database, look, faults);
    });
    return { records, inUse: claim.inUse, faults };
  } finally {
    database?.close();
    claim.release();
  }
}

/**
 * Opens the file in a way that leaves no trace. What a killed server left in the log is a part of the data; an ordinary
 * connection, even one that only reads, would write the index of the log anew.
 */
function openToLook(path: string, inUse: boolean): DatabaseSync {
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
  const url = pathToFileURL(path);
  if (!inUse && !log?.size) {
    url.search = "immutable=1";
    return new DatabaseSync(url, { readOnly: true });
  }
  if (inUse || process.platform === "win32") {
    const database = new DatabaseSync(path, { readOnly: true });
    database.exec(`PRAGMA busy_timeout = ${busyTimeout}`);
    return database;
  }
  // Nobody else is there: the index can be in memory, and needs no locks.
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
      ? "has no tables; if records are missed, restore it from a backup"
      : `has schema version ${version} of ${migrations.length}; start a server on it once, which brings it up to date`,
  );
}

function attempt(faults: string[], look: () => void): void {
  try {
    look();
  } catch (error) {
    faults.push(messageWithAdvice(error));
  }
}

function checkRows(database: DatabaseSync, look: LookAtRecord, faults: string[]): number {
  const next = database.prepare(`${selectRows} WHERE row > ? ORDER BY row LIMIT ${pageRows}`);
  let records = 0;
  let faulty = 0;
  let last = 0;
  attempt(faults, () => {
    for (let rows = 1; rows > 0; ) {
      rows = 0;
      for (const row of next.iterate(last) as Iterable<RecordRow>) {
        rows++;
        last = row.row;
        const shape = faultOf(row);
        const problems = shape === undefined ? look(recordOfRow(row)) : [shape];
        if (problems.length > 0 && faulty++ < mostFaults) {
          faults.push(`row ${row.row} ${problems.join("; ")}`);
        }
      }
      records += rows;
    }
  });
  if (faulty > mostFaults) {
    faults.push(`${faulty - mostFaults} more rows have faults`);
  }
  return records;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function faultOf({ asn, kind, client_id, id, update_seconds, update_nanos }: RecordRow): string | undefined {
  if (kindOf(kind) === undefined) {
    return `has the kind ${kind}, which this program does not know`;
  }
  if (asn < 1 || asn > 4_294_967_295) {
    return `is of operator ${asn}, which is no ASN`;
  }
  if (id.length === 0) {
    return "has an empty id";
  }
  if (!isText(client_id) || !isText(id)) {
    return "has a key that is no UTF-8";
  }
  if ((update_seconds === null) !== (update_nanos === null)) {
    return "has half an update time";
  }
  if (update_nanos !== null && (update_nanos < 0 || update_nanos > 999_999_999)) {
    return `has ${update_nanos} nanoseconds`;
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
