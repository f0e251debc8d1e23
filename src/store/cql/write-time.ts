import { floorToMs } from "../../contract/instant.ts";
import type { CqlEntry } from "./entry.ts";

/**
 * Returns the TIMESTAMP of a write, in µs. `now` is the clock of the machine, because the nodes have such clocks too: that
 * of the store may be years away.
 *
 * Replicas keep the cell with the largest timestamp, so the timestamp of a record is its update time: of two records that
 * race through any servers and regions, the newer one wins. There are four exceptions:
 *
 * - **A record that replaces a newer or equal timestamp** (the stored one has expired, one of the two has no update time,
 *   or both have the same) gets the stored timestamp, known from the read before the write, plus 1 µs.
 * - **A cell whose TTL has passed is invisible, but still hides every write with a smaller timestamp**, until it is
 *   compacted days later. So a cell stays visible for at least `visibleMs` after its expiry, its timestamp and its write,
 *   and no write has a timestamp of more than `windowMs` in the past, which is later than that of any invisible cell.
 * - **An update time in the far future** would break this, so timestamps are at most `windowMs` in the future.
 * - **A record without update time** gets the smallest possible timestamp, so that it wins no race by chance.
 *
 * The read before the write ensures the exact order of update times, also outside of the window. These timestamps only
 * decide races between servers. The clocks of servers and nodes may differ by up to `windowMs`.
 */
export function timestampOf(next: CqlEntry, stored: bigint | undefined, now: number): bigint {
  const first = (now - windowMs) * 1000;
  const last = (now + windowMs) * 1000;
  const own = next.updateTime ? microsOf(next.updateTime) : first;
  const wanted = BigInt(Math.min(Math.max(own, first), last));
  return stored !== undefined && stored >= wanted ? stored + 1n : wanted;
}

/**
 * Returns the TTL of a write in seconds. It only frees the disk; the expiry in the entry decides what is read, by the clock
 * of the store, `now`. Returns 0, so that the record stays on disk, if Cassandra would reject the TTL because it is too long
 * or ends too late.
 */
export function ttlOf({ expiresAtMs }: CqlEntry, timestamp: bigint, now: number, machineNow: number): number {
  if (expiresAtMs === undefined) {
    return 0;
  }
  const after = Math.max(expiresAtMs - now, Number(timestamp) / 1000 - machineNow, 0);
  const ttl = Math.ceil((after + visibleMs) / 1000);
  return ttl > longestTtl || machineNow / 1000 + ttl > lastSecond ? 0 : ttl;
}

/** Largest distance of a timestamp from now, in ms. */
export const windowMs = 24 * 60 * 60 * 1000;

/** How long a cell stays visible to the engine after its record has expired, in ms. */
export const visibleMs = 2 * windowMs;

/** Twenty years: Cassandra's largest TTL, in seconds. */
const longestTtl = 20 * 365 * 24 * 60 * 60;

/** One day before the last second at which a cell may expire in Cassandra's default mode, 2038-01-19T03:14:06Z. */
const lastSecond = 2 ** 31 - 2 - windowMs / 1000;

// A float64 is exact until the year 2255; later times are outside of the window.
function microsOf(instant: { seconds: number; nanos: number }): number {
  return floorToMs(instant) * 1000 + (Math.floor(instant.nanos / 1000) % 1000);
}
