import { setTimeout } from "node:timers/promises";

/** How calls at a steady rate fared. */
export type Pace = {
  readonly calls: number;
  readonly failures: number;
  /** Time that half of the calls and 99 of 100 took at most, in ms; a call that failed counts with its time. */
  readonly p50: number;
  readonly p99: number;
};

/** Makes so many calls a second for a while, whether or not those before have an answer: a late one hides nothing. */
export async function measurePace(
  call: () => Promise<unknown>,
  { seconds, perSecond }: { seconds: number; perSecond: number },
): Promise<Pace> {
  const durations: number[] = [];
  let failures = 0;
  const under: Promise<void>[] = [];
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
    under.push(one(dueAt));
  }
  await Promise.all(under);
  return { calls: durations.length, failures, p50: quantile(durations, 0.5), p99: quantile(durations, 0.99) };
}

/** Returns the value that a part of the values does not exceed; NaN of none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}

/** What nobody minds in times of trouble, in ms. */
const leastBoundMs = 500;

/** Bound on the p99 of calls in times of trouble, in ms: ten times that before, or `leastBoundMs` if that is more. */
export function boundOf(before: Pace): number {
  return Math.max(10 * before.p99, leastBoundMs);
}
