import type { Duration } from "@bufbuild/protobuf/wkt";

/**
 * Returns a duration in milliseconds; NaN if seconds and nanos do not fit together. `round` makes it whole: sums of large
 * numbers and parts of a millisecond are not exact.
 */
export function durationMsOf({ seconds, nanos }: Duration, round = (ms: number) => ms): number {
  const hasOneSign = seconds === 0n || nanos === 0 || seconds > 0n === nanos > 0;
  return hasOneSign && Math.abs(nanos) < 1_000_000_000
    ? Number(seconds) * 1000 + round(nanos / 1_000_000)
    : Number.NaN;
}
