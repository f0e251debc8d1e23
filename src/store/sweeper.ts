type SweeperOptions = {
  /** Removes a slice of expired records from disk, and resolves with their number. */
  removeSlice(): Promise<number>;
  /** Largest number of records in a slice. */
  sliceRows: number;
  /** Returns the pause after a full slice, in ms, from the time that the slice took, in ms. */
  slicePause(took: number): number;
  /** Time between two sweeps, in ms. */
  interval: number;
  /** Called after each slice with the number of records that it removed. */
  onSweep: ((removed: number) => void) | undefined;
};

/** Removes expired records periodically, a slice at a time, until stopped. Does not keep the process alive. */
export function startSweeper(options: SweeperOptions): { stop(): void } {
  const { sliceRows, interval } = options;
  let stopped = false;
  let timer = setTimeout(sweep, interval).unref();

  async function sweep(): Promise<void> {
    const began = performance.now();
    let pause = interval;
    try {
      const removed = await options.removeSlice();
      if (removed === sliceRows) {
        pause = options.slicePause(performance.now() - began);
      }
      options.onSweep?.(removed);
    } catch {
      // Readers skip expired records, so the next sweep is soon enough.
    }
    if (!stopped) {
      timer = setTimeout(sweep, pause).unref();
    }
  }

  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
