import type { Clock } from "../../contract/clock.ts";
import type { PutRecord, RecordPage, ScanOptions } from "../plan-store.ts";
import { expiryTime } from "../record.ts";
import type { PostgresConnection, PostgresStatement } from "./connection.ts";
import { bytesOfHex } from "./gets.ts";
import { packIds, recordKeyOf, unpackIds } from "./key.ts";

/** Largest number of rows in a page, expired ones included. */
const pageRows = 1_000;

/** Sum of the sizes of values at which a page ends, in bytes; its last record may exceed it. */
const pageBytes = 4 * 1024 * 1024;

const key = "asn, kind, client_id, id";
const columns = `${key}, long_key, update_seconds, update_nanos, expires_at_ms`;

// Expired records are rows without values: otherwise a statement might have to read all records not swept yet.
const selectPage: PostgresStatement = {
  name: "page",
  text: `
    SELECT ${columns}, value FROM (
      SELECT *, sum(size) OVER (ORDER BY ${key}) AS until FROM (
        SELECT *, coalesce(octet_length(value), 0) AS size FROM (
          SELECT ${columns}, CASE WHEN expires_at_ms IS NULL OR expires_at_ms > $5 THEN value END AS value
          FROM record
          WHERE (${key}) > ($1::int8, $2::int2, $3::bytea, $4::bytea)
          ORDER BY ${key} LIMIT ${pageRows}
        ) AS following
      ) AS sized
    ) AS page
    WHERE until - size < ${pageBytes} ORDER BY ${key}`,
};

/** Columns of a key. */
type Position = { asn: number; kind: number; clientId: Buffer; id: Buffer };

/** No ASN is 0, so every key is greater than this one. */
const beginning: Position = { asn: 0, kind: 0, clientId: Buffer.of(), id: Buffer.of() };

/**
 * Yields the records in the order of their keys, one page per statement.
 *
 * Each page is as of its own moment, unless the connection is in a transaction. Keys never change, so a record that is
 * stored throughout is yielded exactly once.
 */
export async function* scanRecords(
  connection: PostgresConnection,
  clock: Clock,
  { after, includeExpired, signal }: ScanOptions,
): AsyncGenerator<RecordPage> {
  let position = after === undefined ? beginning : positionOf(after);
  for (;;) {
    signal?.throwIfAborted();
    const { asn, kind, clientId, id } = position;
    const rows = await connection.read(selectPage, [
      asn,
      kind,
      clientId,
      id,
      expiryTime(clock, includeExpired),
    ]);
    const last = rows.at(-1);
    if (!last) {
      return;
    }
    position = keyColumnsOf(last);
    const live = rows.filter((row) => row[valueColumn] !== null);
    if (live.length > 0) {
      yield {
        records: live.map(recordOf),
        cursor: cursorOf(position),
        cursorAfter: (index) => cursorOf(keyColumnsOf(live[index] as Row)),
      };
    }
  }
}

const begin: PostgresStatement = {
  name: "begin",
  text: "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
};

/** A reader may be slow between two pages. */
const stay: PostgresStatement = { name: "stay", text: "SET LOCAL idle_in_transaction_session_timeout = 0" };

/**
 * Yields the unexpired records as they are when the scan begins: all pages in one transaction, over its own connection,
 * which does not reconnect and is ended after the scan. Until then the database cannot remove replaced row versions.
 */
export async function* scanSnapshot(
  connection: PostgresConnection,
  clock: Clock,
  options: ScanOptions,
): AsyncGenerator<RecordPage> {
  const now = clock.now();
  try {
    await connection.read(begin);
    await connection.read(stay);
    yield* scanRecords(connection, { now: () => now }, options);
  } finally {
    await connection.end();
  }
}

type Row = readonly (string | null)[];

const valueColumn = 8;

function keyColumnsOf([asn, kind, clientId, id]: Row): Position {
  return {
    asn: Number(asn),
    kind: Number(kind),
    clientId: bytesOfHex(clientId as string),
    id: bytesOfHex(id as string),
  };
}

function recordOf(row: Row): PutRecord {
  const [, , , , longKey, seconds, nanos, expiresAtMs, value] = row;
  return {
    key: recordKeyOf({ ...keyColumnsOf(row), longKey: longKey ? bytesOfHex(longKey) : null }),
    updateTime: seconds ? { seconds: Number(seconds), nanos: Number(nanos) } : undefined,
    expiresAtMs: expiresAtMs ? Number(expiresAtMs) : undefined,
    value: bytesOfHex(value as string),
  };
}

/** First bytes of every cursor, to detect cursors of other engines or of a later format. */
const mark = Buffer.from("pg1");

function cursorOf({ asn, kind, clientId, id }: Position): string {
  const numbers = Buffer.alloc(6);
  numbers.writeUInt32BE(asn);
  numbers.writeUInt16BE(kind, 4);
  return Buffer.concat([mark, numbers, packIds(clientId, id)]).toString("base64url");
}

function positionOf(cursor: string): Position {
  const bytes = Buffer.from(cursor, "base64url");
  try {
    if (!bytes.subarray(0, 3).equals(mark) || bytes.toString("base64url") !== cursor) {
      throw new RangeError();
    }
    const [clientId, id] = unpackIds(bytes.subarray(9));
    return { asn: bytes.readUInt32BE(3), kind: bytes.readUInt16BE(7), clientId, id };
  } catch {
    throw new RangeError(
      `"${cursor.slice(0, 100)}" is not a cursor of a PostgreSQL store; pass one that a scan has returned, or none to start over`,
    );
  }
}
