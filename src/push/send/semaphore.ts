/** Limits how many things happen at once. */
export type Semaphore = {
  /**
   * Takes a permit. Returns `true` if one is free, `false` if the semaphore is closed, and otherwise a promise of
   * these. It is not always a promise, so that taking a free permit costs no turn of the event loop.
   */
  acquire(): boolean | Promise<boolean>;
  /** Returns a permit; the caller that has waited longest gets it. */
  release(): void;
  /** Hands out the permits that became free because the limit has risen. */
  limitChanged(): void;
  /** Permits in use. More than the limit for a while after the limit has fallen. */
  inUse(): number;
  /** Ends all waiting. Permits in use can still be returned. */
  close(): void;
};

/** Creates a semaphore with `limit()` permits; the limit may change at any time. */
export function createSemaphore(limit: () => number): Semaphore {
  const waiting: ((isAcquired: boolean) => void)[] = [];
  let inUse = 0;
  let isClosed = false;

  function limitChanged(): void {
    while (waiting.length > 0 && inUse < limit()) {
      inUse += 1;
      waiting.shift()?.(true);
    }
  }

  return {
    acquire() {
      if (isClosed) {
        return false;
      }
      if (waiting.length === 0 && inUse < limit()) {
        inUse += 1;
        return true;
      }
      return new Promise((resolve) => waiting.push(resolve));
    },
    release() {
      inUse -= 1;
      limitChanged();
    },
    limitChanged,
    inUse: () => inUse,
    close() {
      isClosed = true;
      for (const resolve of waiting.splice(0)) {
        resolve(false);
      }
    },
  };
}
