import type { DatabaseSync } from "../node-sqlite.ts";
import type { PutRecord } from "../plan-store.ts";
import { kindOf } from "../record.ts";
import type { SqlitePage } from "./protocol.ts";

/** Rows read in one transaction; a checkpoint cannot finish before its end. */
const pageRows = 500;

/** Sum of the sizes of values at which a page is full, in bytes. */
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
 * Creates a function that reads pages in the order of the rows, which is their order in the file and so the fastest.
 *
 * A record keeps its row while it is on disk, and later records get higher rows. So a scan never yields a record twice,
 * and ends under any load, because it stops at the row that was the last one when it began.
 */
export function pageReader(
  database: DatabaseSync,
): (after: number, until: number | undefined, now: number) => SqlitePage {
  const last = database.prepare("SELECT max(row) AS row FROM record");
  const next = database.prepare(`${selectRows} WHERE row > ? AND row <= ? ORDER BY row LIMIT ?`);

  return function readPage(after, wanted, now) {
    const until = wanted ?? (last.get() as { row: number | null }).row ?? after;
    const found: RecordRow[] = [];
    let count = 0;
    let bytes = 0;
    let at = after;
    // Not left to SQLite: skipping a million expired records would be one long read transaction.
    for (const row of next.iterate(after, until, pageRows) as Iterable<RecordRow>) {
      count++;
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
    const ended = count < pageRows && bytes < pageBytes;
    return { ...packed(found, bytes), row: ended ? until : at, until };
  };
}

// One array for all values, because transferring hundreds of small ones costs more.
function packed(rows: readonly RecordRow[], bytes: number): Pick<SqlitePage, "records" | "values"> {
  const values = new Uint8Array(bytes);
  let end = 0;
  const records = rows.map((row) => {
    const { value, ...record } = recordOfRow(row);
    values.set(value, end);
    end += value.length;
    return { ...record, length: value.length, row: row.row };
  });
  return { records, values };
}

/** Returns the record of a row. Raises an Error for an unknown kind. */
export function recordOfRow(row: RecordRow): PutRecord {
  const { asn, update_seconds: seconds, update_nanos: nanos, expires_at_ms: expiresAtMs, value } = row;
  const kind = kindOf(row.kind);
  if (kind === undefined) {
    throw new Error(`row ${row.row} has the kind ${row.kind}, which is unknown to this program`);
  }
  return {
    key: { kind, asn, clientId: textOf(row.client_id), id: textOf(row.id) },
    updateTime: seconds === null ? undefined : { seconds, nanos: nanos as number },
    expiresAtMs: expiresAtMs ?? undefined,
    value,
  };
}

// Not a TextDecoder, which would drop a byte order mark at the beginning.
function textOf({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString();
}
