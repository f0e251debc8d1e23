/** A value measured at a time, in seconds. */
export type Sample = { readonly at: number; readonly value: number };

/** Returns the slope per second of the least-squares line; 0 for fewer than two distinct times. */
export function slopeOf(samples: readonly Sample[]): number {
  const meanAt = mean(samples.map(({ at }) => at));
  const meanValue = mean(samples.map(({ value }) => value));
  let above = 0;
  let below = 0;
  for (const { at, value } of samples) {
    above += (at - meanAt) * (value - meanValue);
    below += (at - meanAt) ** 2;
  }
  return below === 0 ? 0 : above / below;
}

/** Returns the rise of the least-squares line over the second half of the samples. The first half is the warm-up. */
export function growthOf(samples: readonly Sample[]): number {
  const half = samples.slice(Math.floor(samples.length / 2));
  const [first, last] = [half[0], half.at(-1)];
  return first === undefined || last === undefined ? 0 : slopeOf(half) * (last.at - first.at);
}

/** Returns the average; 0 if there are no values. */
export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
