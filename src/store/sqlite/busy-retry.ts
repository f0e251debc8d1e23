import type { DatabaseSync } from "node:sqlite";
import { resultCode, resultCodeOf } from "./error.ts";

/** How long a call waits for another process that writes, in ms; then it fails. */
export const busyTimeout = 5_000;

/** Pause between two looks for a lock, in ms. */
const pollPause = 1;

const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * Makes each statement fail at once when another connection is in its way, for use in `waitWhileBusy`. SQLite's own
 * waiting would look less and less often, down to ten times a second, and rarely hit the gap between two commits of
 * another process.
 */
export function pollLocks(database: DatabaseSync): void {
  database.exec("PRAGMA busy_timeout = 0");
}

/**
 * Repeats something that had no effect as long as another connection is in its way, once each millisecond. So
 * writers of the same file take turns by chance, and none is left out for long.
 *
 * Raises the error of SQLite after `timeout` ms, and any other error at once.
 */
export function waitWhileBusy<Result>(work: () => Result, timeout = busyTimeout): Result {
  let deadline: number | undefined;
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (resultCodeOf(error) !== resultCode.busy) {
        throw error;
      }
      deadline ??= performance.now() + timeout;
      if (performance.now() >= deadline) {
        throw new Error(`another process has kept the database locked for ${timeout} ms; end what holds it`, {
          cause: error,
        });
      }
      Atomics.wait(pause, 0, 0, pollPause);
    }
  }
}
