import type { Clock } from "../../contract/clock.ts";
import { type PutRecord, type RecordPage, type ScanOptions, StoreUnavailable } from "../plan-store.ts";
import { expiryTime, isExpired, kindOf } from "../record.ts";
import type { CqlCluster, CqlRow } from "./cluster.ts";
import { decodeEntry } from "./entry.ts";

const token = "token(asn, kind, client_id, id)";
const columns = `asn, kind, client_id, id, entry, ${token} AS place`;
const selectAfter = `SELECT ${columns} FROM record WHERE ${token} > ? LIMIT ?`;
const selectAt = `SELECT ${columns} FROM record WHERE ${token} = ?`;

/** Smaller than every token of a key: the partitioner never uses it. */
const smallestToken = -(2n ** 63n);
const largestToken = 2n ** 63n - 1n;

/** Intended size of a page, in bytes; the number of its rows follows from the previous page. */
const pageBytes = 4 * 1024 * 1024;
const maxRows = 1_000;

/**
 * Yields the records in the order of the tokens of their keys, read with `read`. The cursor is the last token of a page,
 * so it stays valid when nodes join or leave.
 */
export async function* scanTokens(
  read: CqlCluster["read"],
  clock: Clock,
  { after, includeExpired, signal }: ScanOptions,
): AsyncGenerator<RecordPage> {
  let last = after === undefined ? smallestToken : tokenOf(after);
  // Few rows at first, because records may have megabytes.
  let limit = 16;
  while (last < largestToken) {
    signal?.throwIfAborted();
    const found = await read(selectAfter, [last, limit]);
    const [end] = found.slice(-1);
    if (!end) {
      return;
    }
    const rows = found.length < limit ? found : await upToWholeToken(found, end, read);
    last = rows.at(-1)?.place;
    const now = expiryTime(clock, includeExpired);
    const live = rows
      .map((row) => ({ record: recordOf(row), place: row.place }))
      .filter(({ record }) => !isExpired(record, now));
    if (live.length > 0) {
      yield {
        records: live.map(({ record }) => record),
        cursor: String(last),
        cursorAfter(index) {
          const place = live[index]?.place ?? last;
          // Two keys may have the same token: the first one is yielded again, so that the second one is not missed.
          return String(live[index + 1]?.place === place ? place - 1n : place);
        },
      };
    }
    if (found.length < limit) {
      return;
    }
    const bytes = rows.reduce((sum, row) => sum + row.entry.length, 0);
    limit = Math.min(Math.max(Math.floor((pageBytes * rows.length) / bytes), 2), maxRows, limit * 4);
  }
}

// Two keys may have the same token. If the limit cuts between them, the next page would begin after both.
async function upToWholeToken(
  found: readonly CqlRow[],
  end: CqlRow,
  read: CqlCluster["read"],
): Promise<readonly CqlRow[]> {
  const whole = found.filter((row) => row.place !== end.place);
  return whole.length > 0 ? whole : read(selectAt, [end.place]);
}

function recordOf(row: CqlRow): PutRecord {
  const kind = kindOf(row.kind);
  if (!kind) {
    throw new StoreUnavailable(`a stored record has the unknown kind ${row.kind}`);
  }
  const key = { kind, asn: Number(row.asn), clientId: row.client_id.toString(), id: row.id.toString() };
  return { key, ...decodeEntry(row.entry) };
}

function tokenOf(cursor: string): bigint {
  const value = /^-?\d{1,19}$/.test(cursor) ? BigInt(cursor) : undefined;
  if (value === undefined || value < smallestToken || value > largestToken) {
    throw new RangeError(`"${cursor}" is not a cursor of a CQL store`);
  }
  return value;
}
