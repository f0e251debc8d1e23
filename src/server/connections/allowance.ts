/** How much of something cheap a client may do that costs the server more. */
export type Allowance = {
  /** Takes one. False if none is left. */
  spend(now: number): boolean;
  /** Gives back, up to the burst. */
  earn(amount: number): void;
};

/** `burst` at once, `perSecond` in the long run, and what is earned. Times are those of `performance.now()`. */
export function createAllowance({ burst, perSecond }: { burst: number; perSecond: number }): Allowance {
  let left = burst;
  // Long ago: it begins full, whatever the time.
  let filled = 0;
  return {
    spend(now) {
      left = Math.min(burst, left + ((now - filled) * perSecond) / 1_000);
      filled = now;
      left -= 1;
      return left >= 0;
    },
    earn(amount) {
      left = Math.min(burst, left + amount);
    },
  };
}
