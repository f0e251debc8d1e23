/** Delays the restarts of workers that died. */
export type Restarts = {
  /** Calls `start` after a pause, which doubles while restarts follow each other closely. */
  next(start: () => void): void;
  stop(): void;
};

/** The first restart is immediate, the next pauses double from this, in ms. */
const firstPauseMs = 100;
const longestPauseMs = 10_000;

/** Creates the delays, so that a worker that always dies at once does not keep the machine busy. */
export function createRestarts(): Restarts {
  const timers = new Set<NodeJS.Timeout>();
  let pauseMs = 0;
  let lastAt = Number.NEGATIVE_INFINITY;
  return {
    next(start) {
      const now = performance.now();
      pauseMs =
        now - lastAt > longestPauseMs ? 0 : Math.min(longestPauseMs, Math.max(firstPauseMs, 2 * pauseMs));
      lastAt = now;
      const timer = setTimeout(() => {
        timers.delete(timer);
        start();
      }, pauseMs);
      timers.add(timer);
    },
    stop() {
      for (const timer of timers) {
        clearTimeout(timer);
      }
    },
  };
}
