import type { Timestamp } from "@bufbuild/protobuf/wkt";

/** A point in time, exact to the nanosecond, with both parts as safe integers. */
export type Instant = {
  /** Seconds since 1970-01-01T00:00:00Z; negative before. */
  readonly seconds: number;
  /** 0 … 999999999, counted forward from `seconds`. */
  readonly nanos: number;
};

/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z: what google.protobuf.Timestamp can hold. */
const firstSecond = -62_135_596_800;
const lastSecond = 253_402_300_799;

/** Says whether a Timestamp is one: years 1 to 9999 and 0 to 999999999 nanoseconds. Binary can carry others. */
export function isTimestamp({ seconds, nanos }: Timestamp): boolean {
  return seconds >= firstSecond && seconds <= lastSecond && nanos >= 0 && nanos <= 999_999_999;
}

/** Converts a valid Timestamp. */
export function instantOf(timestamp: Timestamp): Instant {
  return { seconds: Number(timestamp.seconds), nanos: timestamp.nanos };
}

/** Returns the instant in milliseconds since the epoch, rounded up: the first millisecond not before it. */
export function ceilToMs({ seconds, nanos }: Instant): number {
  return seconds * 1000 + Math.ceil(nanos / 1_000_000);
}

/** Returns the instant in milliseconds since the epoch, rounded down: the last millisecond not after it. */
export function floorToMs({ seconds, nanos }: Instant): number {
  return seconds * 1000 + Math.floor(nanos / 1_000_000);
}

/** Writes an instant as RFC 3339 in UTC with 0, 3, 6 or 9 digits of a second, as proto3 JSON does. */
export function formatInstant({ seconds, nanos }: Instant): string {
  const base = new Date(seconds * 1000).toISOString().slice(0, 19);
  let fraction = String(nanos).padStart(9, "0");
  while (fraction.endsWith("000")) {
    fraction = fraction.slice(0, -3);
  }
  return fraction === "" ? `${base}Z` : `${base}.${fraction}Z`;
}
