import type { Clock } from "../../contract/clock.ts";
import type { SqliteThread } from "./thread.ts";

export type SweepOptions = {
  thread: Pick<SqliteThread, "ask">;
  clock: Clock;
  /** Time between two looks for expired records, in ms. */
  interval: number;
  /** Called after each look with the number of records removed. */
  onSweep: ((removed: number) => void) | undefined;
};

/**
 * Records removed in one transaction: puts wait for it as they wait for each other. Each one changes a page of the
 * table and one of the key's index, so that this is about the work of a small batch of puts.
 */
const sliceRows = 50;

/**
 * Pause after a slice that did not reach the end, in times of what it took, waiting included: the busier the thread is
 * with puts, the less of it goes to sweeping.
 */
const slicePause = 2;

/** Removes expired records from disk now and then, a slice at a time, until stopped. Keeps no process alive. */
export function startSweeping({ thread, clock, interval, onSweep }: SweepOptions): { stop(): void } {
  let stopped = false;
  let timer = setTimeout(sweep, interval).unref();

  async function sweep(): Promise<void> {
    const began = performance.now();
    let pause = interval;
    try {
      const { removed } = await thread.ask({ type: "sweep", rows: sliceRows, now: clock.now() });
      if (removed === sliceRows) {
        pause = slicePause * (performance.now() - began);
      }
      onSweep?.(removed);
    } catch {
      // Nobody waits for it, and readers skip what has expired: the next time will do.
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
