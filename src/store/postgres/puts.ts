import { type Instant, isLater } from "../../contract/instant.ts";
import { type PutRecord, StoreUnavailable } from "../plan-store.ts";
import { byteaArray, int4Array, int8Array } from "./array.ts";
import type { PostgresConnection, PostgresRows, PostgresStatement } from "./connection.ts";
import type { BatchOutcome } from "./duplicate-keys.ts";
import { errorKindOf, messageWithoutSecrets, unavailable } from "./error.ts";
import { keyArrays, postgresKeyOf } from "./key.ts";

const columns = "asn, kind, client_id, id, long_key, update_seconds, update_nanos, expires_at_ms, value";

/**
 * Writes a batch of records with different keys, and returns the positions of those that were stale. The comparison uses
 * the newest committed version of the row, locked (INSERT, "ON CONFLICT Clause"), so it is also correct with other
 * servers. Position 0 says that this commit is not durable, because a setting has changed. All servers lock the rows in the order of the keys, so that no deadlock arises.
 */
export const upsert: PostgresStatement = {
  name: "upsert",
  text: `
    WITH given AS MATERIALIZED (
      SELECT * FROM unnest($1::int8[], $2::int2[], $3::bytea[], $4::bytea[], $5::bytea[],
        $6::int8[], $7::int4[], $8::int8[], $9::bytea[]) WITH ORDINALITY AS given (${columns}, place)
    ), written AS (
      INSERT INTO record AS stored (${columns})
      SELECT ${columns} FROM given ORDER BY asn, kind, client_id, id
      ON CONFLICT (asn, kind, client_id, id) DO UPDATE SET
        update_seconds = excluded.update_seconds,
        update_nanos = excluded.update_nanos,
        expires_at_ms = excluded.expires_at_ms,
        value = excluded.value
      WHERE excluded.update_seconds IS NULL
        OR stored.update_seconds IS NULL
        OR (excluded.update_seconds, excluded.update_nanos) >= (stored.update_seconds, stored.update_nanos)
        OR stored.expires_at_ms <= $10
      RETURNING asn, kind, client_id, id
    )
    SELECT place FROM given
    WHERE (asn, kind, client_id, id) NOT IN (SELECT asn, kind, client_id, id FROM written)
    UNION ALL SELECT 0
    WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') OR current_setting('fsync') <> 'on'`,
};

const selectOrders: PostgresStatement = {
  name: "orders",
  text: `
    SELECT place, update_seconds, update_nanos
    FROM unnest($1::int8[], $2::int2[], $3::bytea[], $4::bytea[])
      WITH ORDINALITY AS wanted (asn, kind, client_id, id, place)
    JOIN record USING (asn, kind, client_id, id)
    WHERE update_seconds IS NOT NULL AND (expires_at_ms IS NULL OR expires_at_ms > $5)`,
};

/** Attempts to put a batch that conflicts with another server's statement. */
const maxAttempts = 3;

/** Returns the parameters of `upsert`. `now` is the store's clock, in ms. */
export function upsertValues(records: readonly PutRecord[], now: number): (Buffer | number)[] {
  const keys = records.map(({ key }) => postgresKeyOf(key));
  return [
    ...keyArrays(keys),
    byteaArray(keys.map(({ longKey }) => longKey)),
    int8Array(records.map(({ updateTime }) => updateTime?.seconds ?? null)),
    int4Array(records.map(({ updateTime }) => updateTime?.nanos ?? null)),
    int8Array(records.map(({ expiresAtMs }) => expiresAtMs ?? null)),
    byteaArray(records.map(({ value }) => value)),
    now,
  ];
}

/**
 * Commits records with different keys together and returns their outcomes. A record that PostgreSQL rejects fails alone:
 * the batch is split around it. Rejects with StoreUnavailable if none of them is known to be stored.
 */
export async function putBatch(
  connection: PostgresConnection,
  url: string,
  records: readonly PutRecord[],
  now: number,
  attempt = 1,
): Promise<BatchOutcome[]> {
  let stale: PostgresRows;
  try {
    stale = await connection.run(upsert, upsertValues(records, now));
  } catch (error) {
    const kind = errorKindOf(error);
    if (kind === "retry" && attempt < maxAttempts) {
      return putBatch(connection, url, records, now, attempt + 1);
    }
    if (kind !== "record") {
      throw unavailable(error, url);
    }
    if (records.length === 1) {
      return [new StoreUnavailable(`the record was not stored: ${messageWithoutSecrets(error, url)}`)];
    }
    const half = records.length >> 1;
    const first = await settled(putBatch(connection, url, records.slice(0, half), now), half);
    const second = putBatch(connection, url, records.slice(half), now);
    return [...first, ...(await settled(second, records.length - half))];
  }

  const outcomes: BatchOutcome[] = new Array(records.length).fill({ outcome: "stored" });
  if (stale.length === 0) {
    return outcomes;
  }
  if (stale.some(([place]) => place === "0")) {
    throw new StoreUnavailable(
      "PostgreSQL has not stored the records durably: the connection no longer has synchronous_commit = on, or the server has fsync = off; use a pooler in session mode only, and set fsync = on",
    );
  }
  const places = stale.map(([place]) => Number(place) - 1);
  const rejected = places.map((place) => records[place] as PutRecord);
  const answers = await settled(explain(connection, url, rejected, now), rejected.length);
  for (const [index, place] of places.entries()) {
    outcomes[place] = answers[index] as BatchOutcome;
  }
  return outcomes;
}

/** Returns the outcomes of records that were not written, with the update times stored instead. */
async function explain(
  connection: PostgresConnection,
  url: string,
  rejected: readonly PutRecord[],
  now: number,
): Promise<BatchOutcome[]> {
  const keys = rejected.map(({ key }) => postgresKeyOf(key));
  const rows = await connection.read(selectOrders, [...keyArrays(keys), now]);
  const outcomes: (BatchOutcome | undefined)[] = new Array(rejected.length).fill(undefined);
  for (const [place, seconds, nanos] of rows) {
    const index = Number(place) - 1;
    const storedUpdateTime: Instant = { seconds: Number(seconds), nanos: Number(nanos) };
    const given = rejected[index]?.updateTime;
    if (given && isLater(storedUpdateTime, given)) {
      outcomes[index] = { outcome: "stale", storedUpdateTime };
    }
  }
  // The newer versions of these have expired or been replaced since, so the puts may succeed now.
  const again = rejected.filter((_, index) => outcomes[index] === undefined);
  const answers = again.length === 0 ? [] : await putBatch(connection, url, again, now);
  let next = 0;
  return outcomes.map((outcome) => outcome ?? (answers[next++] as BatchOutcome));
}

/** Turns the failure of a whole batch into a failure of each of its records. */
function settled(outcomes: Promise<BatchOutcome[]>, count: number): Promise<BatchOutcome[]> {
  return outcomes.catch((error) => new Array(count).fill(error));
}
