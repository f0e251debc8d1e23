/** A counting semaphore whose limit may change at any time. */
export type Semaphore = {
  /** Takes a permit and returns true, or returns false if as many as the limit are taken. */
  tryAcquire(): boolean;
  /** Returns a permit. */
  release(): void;
  /** Resolves at the next release, or when the semaphore is closed. */
  released(): Promise<void>;
  /** Gives no permit from now on. */
  close(): void;
  /** Permits that are taken. */
  taken(): number;
};

/** Creates a semaphore without permits taken. The limit is read at each attempt; a lower one revokes no permit. */
export function createSemaphore(limit: () => number): Semaphore {
  let taken = 0;
  let isClosed = false;
  let next = Promise.withResolvers<void>();

  function wake(): void {
    next.resolve();
    next = Promise.withResolvers();
  }

  return {
    tryAcquire() {
      if (isClosed || taken >= limit()) {
        return false;
      }
      taken += 1;
      return true;
    },
    release() {
      taken -= 1;
      wake();
    },
    released: () => next.promise,
    close() {
      isClosed = true;
      wake();
    },
    taken: () => taken,
  };
}
