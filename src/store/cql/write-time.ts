import { floorToMs } from "../../contract/instant.ts";
import type { CqlEntry } from "./entry.ts";

/**
 * Chooses the TIMESTAMP and the TTL of a write.
 *
 * Replicas keep the cell with the largest timestamp, so the timestamp of a record is its update time in µs, and of
 * two records that race, through whatever servers and regions, the newer one stays. Four cases need more:
 *
 * - **A record that replaces a newer timestamp** (the stored one has expired, one of the two has no update time, or
 *   both have the same) gets the stored timestamp and one µs more. The read before the write has brought it.
 * - **A cell whose TTL has passed is invisible, but it still hides every write with a smaller timestamp**, until it
 *   is compacted away days later. No read can tell that it is there. So a cell becomes invisible no earlier than
 *   `keptMs` after its expiry, its timestamp and its write, and no write has a timestamp more than `windowMs` in the
 *   past: every timestamp of an invisible cell is smaller than that, by the difference of the two.
 * - **An update time in the far future** would keep that from being true, so timestamps end `windowMs` from now.
 * - **A record without update time** gets the smallest timestamp that there is, so that it wins no race by chance.
 *
 * The order by exact update time is kept by the read before the write, also outside of the window; only races between
 * servers are decided by these timestamps. The clocks of servers and nodes may differ by up to `windowMs`.
 */
export function timestampOf(next: CqlEntry, stored: bigint | undefined, now: number): bigint {
  const first = (now - windowMs) * 1000;
  const last = (now + windowMs) * 1000;
  const own = next.updateTime ? microsOf(next.updateTime) : first;
  const wanted = BigInt(Math.min(Math.max(own, first), last));
  return stored !== undefined && stored >= wanted ? stored + 1n : wanted;
}

/**
 * Returns the TTL in seconds, 0 for none. It only cleans up: what can be read is decided by the expiry in the entry.
 *
 * Cassandra refuses a TTL that is too long or ends too late. Such a record stays on disk; nobody can read it either.
 */
export function ttlOf({ expiresAtMs }: CqlEntry, timestamp: bigint, now: number, machineNow: number): number {
  if (expiresAtMs === undefined) {
    return 0;
  }
  const from = Math.max(expiresAtMs, Number(timestamp) / 1000, now);
  const ttl = Math.ceil((from - now + keptMs) / 1000);
  return ttl > longestTtl || machineNow / 1000 + ttl > lastSecond ? 0 : ttl;
}

/** How far from now a timestamp may be, in ms. */
export const windowMs = 24 * 60 * 60 * 1000;

/** How long a record stays visible to the engine after it has expired, in ms. */
export const keptMs = 2 * windowMs;

/** Twenty years: Cassandra's largest TTL, in seconds. */
const longestTtl = 20 * 365 * 24 * 60 * 60;

/** A day before the last second at which a cell of Cassandra may expire in its default mode, 2038-01-19T03:14:06Z. */
const lastSecond = 2 ** 31 - 2 - windowMs / 1000;

// A float64 holds these exactly until the year 2255; beyond, the window has long cut them off.
function microsOf(instant: { seconds: number; nanos: number }): number {
  return floorToMs(instant) * 1000 + (Math.floor(instant.nanos / 1000) % 1000);
}
