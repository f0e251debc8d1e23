/** Starts again, sooner or later, what has died. */
export type Restarts = {
  /** Calls `start` after a pause, the longer the sooner this comes after the last time. */
  next(start: () => void): void;
  stop(): void;
};

/** The first pause is none; then each is twice the last one, in ms. */
const firstPauseMs = 100;
const longestPauseMs = 10_000;

/** Creates the pauses between the starts of processes: one that dies at once every time must not keep the machine busy. */
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
