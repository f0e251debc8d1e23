import type { Clock } from "../../contract/clock.ts";
import type { PostgresConnection, PostgresStatement } from "./connection.ts";

export type PostgresSweepOptions = {
  connection: PostgresConnection;
  clock: Clock;
  /** Time between two sweeps, in ms. */
  interval: number;
  /** Called after each sweep with the number of records that it removed. */
  onSweep: ((removed: number) => void) | undefined;
};

/** Records removed by one statement, which puts of the same keys wait for. */
const sliceRows = 500;

/** Pause after a slice that did not remove everything, in ms: about as long as a slice takes, for puts. */
const slicePause = 10;

// SKIP LOCKED: rows that a put or another server's sweep has locked are skipped. Both conditions on the expiry are checked
// again in the newest version of a locked row, so that no row is deleted that was replaced meanwhile ("Read Committed
// Isolation Level", https://www.postgresql.org/docs/current/transaction-iso.html).
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

/** Removes expired records periodically, a slice at a time, until stopped. Does not keep the process alive. */
export function startPostgresSweep(options: PostgresSweepOptions): { stop(): void } {
  const { connection, clock, interval, onSweep } = options;
  let stopped = false;
  let timer = setTimeout(sweep, interval).unref();

  async function sweep(): Promise<void> {
    let pause = interval;
    try {
      const [[removed = "0"] = []] = await connection.run(deleteExpired, [clock.now()]);
      if (Number(removed) === sliceRows) {
        pause = Math.min(slicePause, interval);
      }
      onSweep?.(Number(removed));
    } catch {
      // Readers skip expired records, so the next sweep is soon enough.
    }
    if (!stopped) {
      timer = setTimeout(sweep, pause).unref();
    }
  }

  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
