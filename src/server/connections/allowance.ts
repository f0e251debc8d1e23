/** Limits something that is cheap for a client and costs the server more. */
export type Allowance = {
  /** Takes one; false if none is left. */
  spend(now: number): boolean;
  /** Gives back, up to the burst. */
  earn(amount: number): void;
};

/** Creates an allowance: `burst` at once, `perSecond` in the long run, and what is earned. Times are those of `performance.now()`. */
export function createAllowance({ burst, perSecond }: { burst: number; perSecond: number }): Allowance {
  let left = burst;
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
