import { resultCode, resultCodeOf } from "./error.ts";

/** How long a call waits for another connection that has the database locked, in ms. */
export const defaultBusyTimeout = 5_000;

/** Pause between two attempts, in ms. */
const retryPause = 1;

const pause = new Int32Array(new SharedArrayBuffer(4));

/** Runs work, and retries it while another connection blocks it. Blocked work must have no effect. */
export type RetryWhileBusy = <Result>(work: () => Result) => Result;

/**
 * Creates a function that retries work once per millisecond while SQLite reports SQLITE_BUSY. After `timeout` ms it
 * raises an Error; any other error is raised at once.
 *
 * The database must have `busy_timeout = 0`: SQLite itself polls less and less often, down to ten times a second, and
 * would rarely hit the gap between two commits of another process.
 */
export function createBusyRetry(timeout: number): RetryWhileBusy {
  return function retryWhileBusy(work) {
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
          throw new Error(
            `another process has locked the database for ${timeout} ms; end the process that holds the lock`,
            { cause: error },
          );
        }
        Atomics.wait(pause, 0, 0, retryPause);
      }
    }
  };
}
