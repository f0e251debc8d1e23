import type { Duration } from "@bufbuild/protobuf/wkt";

/** Returns a duration in whole milliseconds, rounded by `round`. NaN if seconds and nanos do not fit together. */
export function durationMsOf({ seconds, nanos }: Duration, round: (ms: number) => number): number {
  const hasOneSign = seconds === 0n || nanos === 0 || seconds > 0n === nanos > 0;
  return hasOneSign && Math.abs(nanos) < 1_000_000_000
    ? Number(seconds) * 1000 + round(nanos / 1_000_000)
    : Number.NaN;
}
