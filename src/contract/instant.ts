import type { Timestamp } from "@bufbuild/protobuf/wkt";

/** A point in time with nanosecond precision. Both parts are safe integers. */
export type Instant = {
  /** Seconds since 1970-01-01T00:00:00Z. Negative before 1970. */
  readonly seconds: number;
  /** 0 to 999999999, counted forward from `seconds`. */
  readonly nanos: number;
};

/** Converts a valid Timestamp. */
export function instantOf(timestamp: Timestamp): Instant {
  return { seconds: Number(timestamp.seconds), nanos: timestamp.nanos };
}

/** Returns milliseconds since the epoch, rounded up. */
export function ceilToMs({ seconds, nanos }: Instant): number {
  return seconds * 1000 + Math.ceil(nanos / 1_000_000);
}

/** Returns milliseconds since the epoch, rounded down. */
export function floorToMs({ seconds, nanos }: Instant): number {
  return seconds * 1000 + Math.floor(nanos / 1_000_000);
}

/** Returns whether the first instant is later than the second. */
export function isLater(first: Instant, second: Instant): boolean {
  return first.seconds > second.seconds || (first.seconds === second.seconds && first.nanos > second.nanos);
}

/** Formats an instant as RFC 3339 in UTC with 0, 3, 6 or 9 fractional digits, as proto3 JSON does. */
export function formatInstant({ seconds, nanos }: Instant): string {
  const base = new Date(seconds * 1000).toISOString().slice(0, 19);
  const fraction = String(nanos)
    .padStart(9, "0")
    .replace(/(000)+$/, "");
  return fraction === "" ? `${base}Z` : `${base}.${fraction}Z`;
}
