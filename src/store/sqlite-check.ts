import type { DatabaseSync } from "node:sqlite";
import { kindCodes } from "./put-buffer.ts";
import { withDatabaseAlone } from "./sqlite-database.ts";
import { messageOf } from "./sqlite-error.ts";

/** What a check has found. */
export type SqliteCheck = {
  /** Records that were looked at, expired ones included. */
  readonly records: number;
  /** What is wrong, in words; empty if nothing is. At most a hundred of each kind. */
  readonly faults: readonly string[];
};

/** Faults of a kind after which the rest is not told. */
const mostFaults = 100;

type Row = { row: number; asn: number; kind: number; client: Uint8Array; id: Uint8Array } & {
  seconds: number | null;
  nanos: number | null;
};

/**
 * Looks at the whole database of a directory that no server uses: first SQLite at its pages and indexes, then at the
 * shape of every record. Changes nothing. Blocks the thread, a few seconds for each million records.
 *
 * Raises StoreOpenError if there is no store, it is in use, or it is of another version.
 */
export function checkSqlite(directory: string): SqliteCheck {
  return withDatabaseAlone(directory, (database) => {
    const faults: string[] = [];
    const found = database.prepare(`PRAGMA integrity_check(${mostFaults})`);
    attempt(faults, () => {
      for (const row of found.iterate() as Iterable<{ integrity_check: string }>) {
        if (row.integrity_check !== "ok") faults.push(row.integrity_check);
      }
    });
    let records = 0;
    attempt(faults, () => {
      records = checkRows(database, faults);
    });
    return { records, faults };
  });
}

function attempt(faults: string[], look: () => void): void {
  try {
    look();
  } catch (error) {
    faults.push(messageOf(error));
  }
}

function checkRows(database: DatabaseSync, faults: string[]): number {
  const rows = database.prepare(`
    SELECT row, asn, kind, client_id AS client, id, update_seconds AS seconds, update_nanos AS nanos FROM record`);
  let records = 0;
  let told = 0;
  for (const row of rows.iterate() as Iterable<Row>) {
    records++;
    const fault = faultOf(row);
    if (fault !== undefined && told++ < mostFaults) faults.push(`row ${row.row} ${fault}`);
  }
  return records;
}

const kinds = new Set<number>(Object.values(kindCodes));
const utf8 = new TextDecoder("utf-8", { fatal: true });

function faultOf({ asn, kind, client, id, seconds, nanos }: Row): string | undefined {
  if (!kinds.has(kind)) return `has the kind ${kind}, which this program does not know`;
  if (asn < 1 || asn > 4_294_967_295) return `is of operator ${asn}, which is no ASN`;
  if (id.length === 0) return "has an empty id";
  if (!isText(client) || !isText(id)) return "has a key that is no UTF-8";
  if ((seconds === null) !== (nanos === null)) return "has half an update time";
  if (nanos !== null && (nanos < 0 || nanos > 999_999_999)) return `has ${nanos} nanoseconds`;
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
