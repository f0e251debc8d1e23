import type { Instant } from "../../contract/instant.ts";
import { type PutOutcome, type PutRecord, StoreUnavailable } from "../plan-store.ts";
import { byteaArray, int4Array, int8Array } from "./array.ts";
import type { PostgresConnection, PostgresRows, PostgresStatement } from "./connection.ts";
import { errorKindOf, messageWithoutSecrets, unavailable } from "./error.ts";
import { keyArrays, type PostgresKey, postgresKeyOf } from "./key.ts";

const columns = "asn, kind, client_id, id, long_key, update_seconds, update_nanos, expires_at_ms, value";

/**
 * Writes a batch of records with different keys, and returns the places of those that were stale.
 *
 * The comparison is made on the newest committed version of the row, locked (INSERT, "ON CONFLICT Clause"), so that it
 * holds against other servers as well. All servers take the rows in the order of the keys: none waits in a circle.
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
    WHERE (asn, kind, client_id, id) NOT IN (SELECT asn, kind, client_id, id FROM written)`,
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

/** Attempts at a batch that another server's statement was in the way of. */
const attempts = 3;

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
 * Commits records with different keys together and returns what became of each. One that PostgreSQL cannot take
 * fails alone: the batch is split around it. Rejects with StoreUnavailable when none of them is known to be stored.
 */
export async function putBatch(
  connection: PostgresConnection,
  url: string,
  records: readonly PutRecord[],
  now: number,
  attempt = 1,
): Promise<(PutOutcome | Error)[]> {
  let stale: PostgresRows;
  try {
    stale = await connection.run(upsert, upsertValues(records, now));
  } catch (error) {
    const fault = errorKindOf(error);
    if (fault === "again" && attempt < attempts) {
      return putBatch(connection, url, records, now, attempt + 1);
    }
    if (fault !== "record") {
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

  const outcomes: (PutOutcome | Error)[] = new Array(records.length).fill({ outcome: "stored" });
  if (stale.length === 0) {
    return outcomes;
  }
  const places = stale.map(([place]) => Number(place) - 1);
  const refused = places.map((place) => records[place] as PutRecord);
  const answers = await settled(explain(connection, url, refused, now), refused.length);
  for (const [index, place] of places.entries()) {
    outcomes[place] = answers[index] as PutOutcome | Error;
  }
  return outcomes;
}

/** Returns which update times were in the way of records that were refused. */
async function explain(
  connection: PostgresConnection,
  url: string,
  refused: readonly PutRecord[],
  now: number,
): Promise<(PutOutcome | Error)[]> {
  const keys: PostgresKey[] = refused.map(({ key }) => postgresKeyOf(key));
  const rows = await connection.run(selectOrders, [...keyArrays(keys), now]).catch((error) => {
    throw unavailable(error, url);
  });
  const outcomes: (PutOutcome | Error | undefined)[] = new Array(refused.length).fill(undefined);
  for (const [place, seconds, nanos] of rows) {
    const index = Number(place) - 1;
    const storedUpdateTime: Instant = { seconds: Number(seconds), nanos: Number(nanos) };
    const given = refused[index]?.updateTime;
    if (given && isLater(storedUpdateTime, given)) {
      outcomes[index] = { outcome: "stale", storedUpdateTime };
    }
  }
  // What was in the way of these has gone since, so that they may well be stored now.
  const again = refused.filter((_, index) => outcomes[index] === undefined);
  const answers = again.length === 0 ? [] : await putBatch(connection, url, again, now);
  let next = 0;
  return outcomes.map((outcome) => outcome ?? (answers[next++] as PutOutcome | Error));
}

/** Says whether the first instant comes after the second. */
export function isLater(first: Instant, second: Instant): boolean {
  return first.seconds > second.seconds || (first.seconds === second.seconds && first.nanos > second.nanos);
}

/** Turns the failure of a whole batch into that of each of its records. */
async function settled(
  outcomes: Promise<(PutOutcome | Error)[]>,
  count: number,
): Promise<(PutOutcome | Error)[]> {
  try {
    return await outcomes;
  } catch (error) {
    return new Array(count).fill(error);
  }
}
