import { type GetBuffer, type KeyColumns, type PostedAnswer, writeAnswers } from "../get-buffer.ts";
import { type PutBuffer, type PutRow, readPuts, writeOutcome } from "../put-buffer.ts";
import type { OpenDatabase } from "./database.ts";
import { concernsWholeDatabase, messageWithAdvice, resultCode, resultCodeOf } from "./error.ts";

/** The records of an open database. `put` and `sweep` run in one transaction each. */
type SqliteRecords = {
  /**
   * Commits a batch and writes the outcome of each put into the buffer. Returns the reasons of the failed puts, in
   * order. Raises the error of SQLite if nothing was committed.
   */
  put(buffer: PutBuffer, count: number, now: number): string[];
  /** Answers a batch of gets with the values of records that have not expired. Returns what must be posted. */
  get(buffer: GetBuffer, count: number, now: number): PostedAnswer[];
  /** Deletes at most `rows` expired records, the earliest first, and returns how many it deleted. */
  sweep(rows: number, now: number): number;
};

// Parameters are plain question marks: node:sqlite of Node 22 cannot bind numbered ones by position.

/** Puts one record: the columns in order, then the time. Looks up the key once; a stale put changes nothing. */
export const upsert = `
  INSERT INTO record (asn, kind, client_id, id, update_seconds, update_nanos, expires_at_ms, value)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (asn, kind, client_id, id) DO UPDATE SET
    update_seconds = excluded.update_seconds,
    update_nanos = excluded.update_nanos,
    expires_at_ms = excluded.expires_at_ms,
    value = excluded.value
  WHERE excluded.update_seconds IS NULL
    OR record.update_seconds IS NULL
    OR (excluded.update_seconds, excluded.update_nanos) >= (record.update_seconds, record.update_nanos)
    OR record.expires_at_ms <= ?`;

const selectOrder = `
  SELECT update_seconds AS seconds, update_nanos AS nanos FROM record
  WHERE asn = ? AND kind = ? AND client_id = ? AND id = ?`;

const selectValue = `
  SELECT value FROM record
  WHERE asn = ? AND kind = ? AND client_id = ? AND id = ?
    AND (expires_at_ms IS NULL OR expires_at_ms > ?)`;

// The last row stays: SQLite would give its number to the next record, and a scan could yield a record twice.
const deleteExpired = `
  DELETE FROM record WHERE row IN (
    SELECT row FROM record WHERE expires_at_ms <= ? AND row < (SELECT max(row) FROM record)
    ORDER BY expires_at_ms LIMIT ?
  )`;

/** Prepares the statements on an open database. */
export function sqliteRecords({ database, retryWhileBusy }: OpenDatabase): SqliteRecords {
  const begin = database.prepare("BEGIN IMMEDIATE");
  const beginRead = database.prepare("BEGIN");
  const commit = database.prepare("COMMIT");
  const rollback = database.prepare("ROLLBACK");
  const put = database.prepare(upsert);
  const order = database.prepare(selectOrder);
  const value = database.prepare(selectValue);
  const sweep = database.prepare(deleteExpired);

  function inTransaction<Result>(work: () => Result): Result {
    retryWhileBusy(() => begin.run());
    try {
      const result = work();
      commit.run();
      return result;
    } catch (error) {
      // SQLite itself rolls back after some errors, such as a full disk.
      if (database.isTransaction) {
        rollback.run();
      }
      throw error;
    }
  }

  // Locking the database for each record would take as long as reading it.
  function inRead<Result>(work: () => Result): Result {
    beginRead.run();
    try {
      return work();
    } finally {
      // SQLite itself ends it after some errors, and reads on without it.
      if (database.isTransaction) {
        rollback.run();
      }
    }
  }

  function putOne(buffer: PutBuffer, index: number, row: PutRow, now: number): void {
    const { key, updateSeconds, updateNanos, expiresAtMs, value } = row;
    if (put.run(...key, updateSeconds, updateNanos, expiresAtMs, value, now).changes !== 0) {
      writeOutcome.stored(buffer, index);
      return;
    }
    const { seconds, nanos } = order.get(...key) as { seconds: number; nanos: number };
    writeOutcome.stale(buffer, index, seconds, nanos);
  }

  function putAll(buffer: PutBuffer, rows: readonly PutRow[], now: number): string[] {
    const reasons: string[] = [];
    for (const [index, row] of rows.entries()) {
      try {
        putOne(buffer, index, row, now);
      } catch (error) {
        if (concernsWholeDatabase(error) || !database.isTransaction) {
          throw error;
        }
        writeOutcome.failed(buffer, index);
        reasons.push(messageWithAdvice(error));
      }
    }
    return reasons;
  }

  function putAlone(buffer: PutBuffer, index: number, row: PutRow, now: number): string[] {
    try {
      inTransaction(() => putOne(buffer, index, row, now));
      return [];
    } catch (error) {
      if (concernsWholeDatabase(error) && resultCodeOf(error) !== resultCode.corrupt) {
        throw error;
      }
      writeOutcome.failed(buffer, index);
      return [messageWithAdvice(error)];
    }
  }

  // A record on a damaged page must not fail the other gets of its batch.
  function getOne(key: KeyColumns, now: number): PostedAnswer | undefined {
    try {
      const row = retryWhileBusy(() => value.get(...key, now));
      return row?.value as Uint8Array<ArrayBuffer> | undefined;
    } catch (error) {
      return messageWithAdvice(error);
    }
  }

  return {
    put(buffer, count, now) {
      // Read now, because outcomes overwrite the puts.
      const rows = readPuts(buffer, count);
      try {
        return inTransaction(() => putAll(buffer, rows, now));
      } catch (error) {
        if (resultCodeOf(error) !== resultCode.corrupt) {
          throw error;
        }
        // A damaged page ended the transaction of the whole batch, so each put gets its own transaction.
        return rows.flatMap((row, index) => putAlone(buffer, index, row, now));
      }
    },
    get(buffer, count, now) {
      return inRead(() => writeAnswers(buffer, count, (key) => getOne(key, now)));
    },
    sweep(rows, now) {
      return inTransaction(() => Number(sweep.run(now, rows).changes));
    },
  };
}
