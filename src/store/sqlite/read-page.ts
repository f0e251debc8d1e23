import type { DatabaseSync } from "node:sqlite";
import type { PutRecord } from "../plan-store.ts";
import { kindOf } from "../record-kind.ts";
import type { SqlitePage } from "./protocol.ts";

/** Rows looked at in one read transaction, which the end of a checkpoint has to wait for. */
const pageRows = 500;

/** Sum of the values at which a page is full, in bytes. */
const pageBytes = 1024 * 1024;

/** A row of the table. */
export type RecordRow = {
  row: number;
  asn: number;
  kind: number;
  client_id: Uint8Array;
  id: Uint8Array;
  update_seconds: number | null;
  update_nanos: number | null;
  expires_at_ms: number | null;
  value: Uint8Array;
};

/** Selects every RecordRow. */
export const selectRows =
  "SELECT row, asn, kind, client_id, id, update_seconds, update_nanos, expires_at_ms, value FROM record";

/**
 * Prepares the reading of pages in the order of the rows, which is that of the file and so the fastest one.
 *
 * A record keeps its row as long as it is on disk, and no later record gets a lower one: so none is met twice, and
 * a scan that ends with the row that was the last one when it began comes to its end under any load.
 */
export function pageReader(
  database: DatabaseSync,
): (after: number, until: number | undefined, now: number) => SqlitePage {
  const last = database.prepare("SELECT max(row) AS row FROM record");
  const next = database.prepare(`${selectRows} WHERE row > ? AND row <= ? ORDER BY row LIMIT ?`);

  return (after, wanted, now) => {
    const until = wanted ?? (last.get() as { row: number | null }).row ?? after;
    const found: RecordRow[] = [];
    let looked = 0;
    let bytes = 0;
    let at = after;
    // What has expired is read as well: left to SQLite, a million of those were one long read.
    for (const row of next.iterate(after, until, pageRows) as Iterable<RecordRow>) {
      looked++;
      at = row.row;
      if (row.expires_at_ms !== null && row.expires_at_ms <= now) {
        continue;
      }
      found.push(row);
      bytes += row.value.length;
      if (bytes >= pageBytes) {
        break;
      }
    }
    const ended = looked < pageRows && bytes < pageBytes;
    return { ...packed(found, bytes), row: ended ? until : at, until };
  };
}

// One array for all values: hundreds of small ones would each be handed over at a cost of its own.
function packed(rows: readonly RecordRow[], bytes: number): Pick<SqlitePage, "records" | "values"> {
  const values = new Uint8Array(bytes);
  let end = 0;
  const records = rows.map((row) => {
    const { value, ...record } = recordOfRow(row);
    values.set(value, end);
    end += value.length;
    return { ...record, length: value.length };
  });
  return { records, values };
}

/** Returns the record of a row. Raises an Error for an unknown kind. */
export function recordOfRow(row: RecordRow): PutRecord {
  const kind = kindOf(row.kind);
  if (kind === undefined) {
    throw new Error(`row ${row.row} has the kind ${row.kind}, which this program does not know`);
  }
  return {
    key: {
      kind,
      asn: row.asn,
      clientId: textOf(row.client_id),
      id: textOf(row.id),
    },
    updateTime:
      row.update_seconds === null
        ? undefined
        : { seconds: row.update_seconds, nanos: row.update_nanos as number },
    expiresAtMs: row.expires_at_ms ?? undefined,
    value: row.value,
  };
}

// Not a TextDecoder: it would take the first character for a mark of the byte order.
function textOf({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString();
}
