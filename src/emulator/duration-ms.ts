import type { Duration } from "@bufbuild/protobuf/wkt";

/** Returns a duration in milliseconds, with the parts of a millisecond. NaN if seconds and nanos do not fit together. */
export function durationMsOf({ seconds, nanos }: Duration): number {
  const hasOneSign = seconds === 0n || nanos === 0 || seconds > 0n === nanos > 0;
  return hasOneSign && Math.abs(nanos) < 1_000_000_000
    ? Number(seconds) * 1000 + nanos / 1_000_000
    : Number.NaN;
}
