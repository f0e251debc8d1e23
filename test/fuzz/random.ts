/** Pseudo-random numbers that depend on the seed only. */
export type Random = {
  /** Returns an integer from 0 to `end` - 1. */
  below(end: number): number;
  pick<T>(items: readonly T[]): T;
};

/** Creates a generator (mulberry32): the same numbers on every machine. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (end: number) => next() % end;
  return {
    below,
    pick(items) {
      const item = items[below(items.length)];
      if (item === undefined) {
        throw new Error("cannot pick from an empty list");
      }
      return item;
    },
  };
}
