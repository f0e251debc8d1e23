import type { Clock } from "../../contract/clock.ts";
import type { SqliteThread } from "./thread.ts";

export type SweepOptions = {
  thread: Pick<SqliteThread, "ask">;
  clock: Clock;
  /** Time between two sweeps, in ms. */
  interval: number;
  /** Called after each sweep with the number of records that it removed. */
  onSweep: ((removed: number) => void) | undefined;
};

/**
 * Records removed in one transaction, which puts wait for. Each one changes a page of the table and one of the key's
 * index, so this is about the work of a small batch of puts.
 */
const sliceRows = 50;

/**
 * Pause after a slice that did not remove everything, as a multiple of the time that it took, waiting included: the
 * busier the thread is with puts, the less it sweeps.
 */
const slicePause = 2;

/** Removes expired records from disk periodically, a slice at a time, until stopped. Does not keep the process alive. */
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
