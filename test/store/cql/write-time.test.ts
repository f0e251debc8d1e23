import { describe, expect, test } from "vitest";
import type { CqlEntry } from "../../../src/store/cql/entry.ts";
import { timestampOf, ttlOf, visibleMs, windowMs } from "../../../src/store/cql/write-time.ts";

const now = Date.UTC(2026, 2, 1);
const micros = (ms: number) => BigInt(ms) * 1000n;
const updatedAt = (ms: number, micros = 0): CqlEntry => ({
  updateTime: { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 + micros * 1000 },
  expiresAtMs: undefined,
  value: new Uint8Array(),
});
const untimed: CqlEntry = { updateTime: undefined, expiresAtMs: undefined, value: new Uint8Array() };

describe("the timestamp of a write", () => {
  test("the timestamp of a write is the update time in µs", () => {
    expect(timestampOf(updatedAt(now - 5, 7), undefined, now)).toBe(micros(now - 5) + 7n);
    expect(timestampOf(updatedAt(now - 5, 7), micros(now - 6), now)).toBe(micros(now - 5) + 7n);
  });

  test("the timestamp is one more than the stored one if that is not smaller", () => {
    for (const stored of [micros(now), micros(now) + 99n, 2n ** 62n]) {
      expect(timestampOf(updatedAt(now), stored, now)).toBe(stored + 1n);
      expect(timestampOf(untimed, stored, now)).toBe(stored + 1n);
    }
  });

  test("the timestamp is at most one day from now", () => {
    const { first, last } = { first: micros(now - windowMs), last: micros(now + windowMs) };
    expect(timestampOf(updatedAt(now - windowMs - 1), undefined, now)).toBe(first);
    expect(timestampOf(updatedAt(Date.UTC(-1)), undefined, now)).toBe(first);
    expect(timestampOf(updatedAt(now + windowMs + 1), undefined, now)).toBe(last);
    expect(timestampOf(updatedAt(Date.UTC(9999)), undefined, now)).toBe(last);
  });

  test("the timestamp of a record without update time loses a race with any record of the last day", () => {
    const without = timestampOf(untimed, undefined, now);
    expect(timestampOf(updatedAt(now - windowMs, 1), undefined, now)).toBeGreaterThan(without);
  });
});

describe("the TTL of a write", () => {
  const ttl = (expiresAtMs: number | undefined, timestamp = micros(now), machineNow = now) =>
    ttlOf({ ...untimed, expiresAtMs }, timestamp, now, machineNow);

  test("the TTL ends two days after the expiry, rounded up", () => {
    expect(ttl(now + 1)).toBe(visibleMs / 1000 + 1);
    expect(ttl(now + 90_000)).toBe(visibleMs / 1000 + 90);
  });

  test("the TTL of an expired record ends two days after its write and after its timestamp", () => {
    expect(ttl(-1)).toBe(visibleMs / 1000);
    expect(ttl(now, micros(now + windowMs))).toBe((visibleMs + windowMs) / 1000);
  });

  test("the TTL is the time that remains by the clock of the store, wherever that of the machine is", () => {
    for (const storeNow of [0, now - 365 * 86_400_000, Date.UTC(9999, 11, 31)]) {
      const of = (expiresAtMs: number) => ttlOf({ ...untimed, expiresAtMs }, micros(now), storeNow, now);
      expect(of(storeNow + 90_000)).toBe(visibleMs / 1000 + 90);
      expect(of(0)).toBe(visibleMs / 1000);
    }
  });

  test("every write after the TTL of a cell has a larger timestamp than the cell", () => {
    for (const [expiresAtMs, at] of [
      [now - 1, now],
      [now + 5_000, now + windowMs],
      [-1, now - windowMs],
    ] as const) {
      const timestamp = timestampOf(updatedAt(at), undefined, now);
      const invisible = now + ttl(expiresAtMs, timestamp) * 1000;
      const skew = windowMs - 1;
      const oldest = timestampOf(updatedAt(0), undefined, invisible - skew);
      expect(oldest).toBeGreaterThan(timestamp);
    }
  });

  test("there is no TTL for a record that never expires, or expires later than Cassandra supports", () => {
    expect(ttl(undefined)).toBe(0);
    expect(ttl(Number.MAX_SAFE_INTEGER)).toBe(0);
    expect(ttl(Date.UTC(2046, 2, 1))).toBe(0);
    expect(ttl(Date.UTC(2038, 0, 17))).toBe(0);
    expect(ttl(Date.UTC(2038, 0, 15))).toBeGreaterThan(0);
    expect(ttl(now + 1000, micros(now), Date.UTC(2038, 0, 17))).toBe(0);
  });
});
