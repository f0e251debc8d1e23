/** Limits how many things happen at once. */
export type Semaphore = {
  /**
   * Takes a permit. Returns `true` if one is free, `false` after an abort, and otherwise a promise of these. It is
   * not always a promise, so that taking a free permit costs no turn of the event loop.
   */
  acquire(): boolean | Promise<boolean>;
  /** Returns a permit, which goes to the caller that waits longest. */
  release(): void;
  /** Hands out permits after the limit has risen. */
  limitChanged(): void;
  /** Permits in use. May exceed the limit for a while after the limit has fallen. */
  inUse(): number;
};

/** Creates a semaphore with `limit()` permits; the limit may change at any time. An abort ends all waiting. */
export function createSemaphore(limit: () => number, signal: AbortSignal): Semaphore {
  const waiting: ((isAcquired: boolean) => void)[] = [];
  let inUse = 0;

  function limitChanged(): void {
    while (waiting.length > 0 && inUse < limit()) {
      inUse += 1;
      waiting.shift()?.(true);
    }
  }

  signal.addEventListener("abort", () => {
    for (const resolve of waiting.splice(0)) {
      resolve(false);
    }
  });

  return {
    acquire() {
      if (signal.aborted) {
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
  };
}
