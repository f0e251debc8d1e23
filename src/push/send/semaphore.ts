/** Permits of which no more than a limit are taken at once. The limit may change at any time. */
export type Semaphore = {
  /** Takes a permit and returns true, or returns false if as many as the limit are taken. */
  tryAcquire(): boolean;
  /** Returns a permit. */
  release(): void;
  /** Permits that are taken. */
  taken(): number;
};

/** Creates a semaphore without permits taken. The limit is read at each attempt; a lower one revokes no permit. */
export function createSemaphore(limit: () => number): Semaphore {
  let taken = 0;
  return {
    tryAcquire() {
      if (taken >= limit()) {
        return false;
      }
      taken += 1;
      return true;
    },
    release() {
      taken -= 1;
    },
    taken: () => taken,
  };
}
