import type { PostgresConnection, PostgresStatement } from "./connection.ts";

/** Records removed by one statement, which puts of the same keys wait for. */
export const sliceRows = 500;

// Skips rows that a put or another server's sweep has locked. Both conditions on the expiry are checked again in the
// newest version of a row, so that no row is deleted that was replaced meanwhile ("Read Committed Isolation Level",
// https://www.postgresql.org/docs/current/transaction-iso.html).
const deleteExpired: PostgresStatement = {
  name: "sweep",
  text: `
    WITH expired AS MATERIALIZED (
      SELECT asn, kind, client_id, id FROM record WHERE expires_at_ms <= $1
      LIMIT ${sliceRows} FOR UPDATE SKIP LOCKED
    ), removed AS (
      DELETE FROM record USING expired
      WHERE record.asn = expired.asn AND record.kind = expired.kind
        AND record.client_id = expired.client_id AND record.id = expired.id
        AND record.expires_at_ms <= $1
      RETURNING 1
    )
    SELECT count(*) FROM removed`,
};

/** Deletes at most `sliceRows` records that have expired by `now`, and returns their number. */
export async function removeExpired(connection: PostgresConnection, now: number): Promise<number> {
  const [[removed = "0"] = []] = await connection.run(deleteExpired, [now]);
  return Number(removed);
}
