import { setImmediate } from "node:timers/promises";
import type { Timer } from "../../src/push/send/retrying-sender.ts";

/** Creates a timer that never waits: when the process is idle, time jumps to the end of the shortest sleep. */
export function createVirtualTimer(): Timer {
  let now = 0;
  const sleeping = new Map<symbol, { readonly at: number; readonly wake: (isOver: boolean) => void }>();

  async function wakeNext(): Promise<void> {
    await setImmediate();
    const [next] = [...sleeping].sort(([, a], [, b]) => a.at - b.at);
    if (next !== undefined) {
      now = Math.max(now, next[1].at);
      next[1].wake(true);
    }
  }

  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const key = Symbol();
        const wake = (isOver: boolean) => {
          sleeping.delete(key);
          resolve(isOver);
        };
        if (signal.aborted) {
          wake(false);
          return;
        }
        sleeping.set(key, { at: now + ms, wake });
        signal.addEventListener("abort", () => wake(false), { once: true });
        void wakeNext();
      }),
  };
}
