/** A measurement at a time, in seconds. */
export type Sample = { readonly at: number; readonly value: number };

/** Returns the slope of the line through the samples by least squares, per second; 0 of fewer than two times. */
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

/** Returns how much the line through the second half of the samples rises in that half: the first half warms up. */
export function growthOf(samples: readonly Sample[]): number {
  const half = samples.slice(Math.floor(samples.length / 2));
  const [first, last] = [half[0], half.at(-1)];
  return first === undefined || last === undefined ? 0 : slopeOf(half) * (last.at - first.at);
}

/** Returns the average; 0 of none. */
export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
