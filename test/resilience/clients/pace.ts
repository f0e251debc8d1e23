import { setTimeout } from "node:timers/promises";

/** Failures and durations of calls at a steady rate. */
export type Pace = {
  readonly calls: number;
  readonly failures: number;
  /** Median and 99th percentile of the durations in ms, including failed calls. */
  readonly p50: number;
  readonly p99: number;
};

/** Starts calls at a fixed rate without waiting for earlier ones, so that a slow call does not hide delays. */
export async function measurePace(
  call: () => Promise<unknown>,
  { seconds, perSecond }: { seconds: number; perSecond: number },
): Promise<Pace> {
  const durations: number[] = [];
  let failures = 0;
  const inFlight: Promise<void>[] = [];
  const one = async (dueAt: number) => {
    await call().catch(() => {
      failures += 1;
    });
    durations.push(performance.now() - dueAt);
  };
  const began = performance.now();
  for (let number = 0; number < seconds * perSecond; number++) {
    const dueAt = began + (number * 1000) / perSecond;
    await setTimeout(Math.max(0, dueAt - performance.now()));
    inFlight.push(one(dueAt));
  }
  await Promise.all(inFlight);
  return { calls: durations.length, failures, p50: quantile(durations, 0.5), p99: quantile(durations, 0.99) };
}

/** Returns the value that a share of the values does not exceed; NaN if there are no values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** A p99 that is always acceptable during an attack, in ms. */
const minBoundMs = 500;

/** Returns the limit for the p99 during an attack, in ms: ten times the p99 before, but at least `minBoundMs`. */
export function boundOf(before: Pace): number {
  return Math.max(10 * before.p99, minBoundMs);
}
