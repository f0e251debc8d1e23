import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Above this much resident memory, in bytes, garbage is collected regularly. */
const collectAbove = 112 * 1024 * 1024;

/**
 * Maximum size of the space for new objects, in bytes. At its initial size of 1 MB, garbage collection takes a third of
 * the time. At the size that V8 chooses, it is most of the memory.
 */
const newSpace = 16 * 1024 * 1024;

/** How often memory is checked, and the minimum time between two collections, in milliseconds. */
const checkMs = 500;
const restMs = 5_000;

/** How often the size of the space for new objects is checked, in milliseconds. */
const growMs = 25;

/**
 * Limits the memory of this process, at some cost of time. Must be called before the program is loaded. By default, V8
 * lets the heap grow to twice the memory in use, which does not suit a tool that runs for an hour beside other programs.
 */
export function keepMemorySmall(): void {
  setFlagsFromString("--heap-growing-percent=20");
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const growth = setInterval(() => {
    const size =
      getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space")?.space_size ?? 0;
    setFlagsFromString(`--semi-space-growth-factor=${size < newSpace ? 2 : 1}`);
    if (size >= newSpace) {
      clearInterval(growth);
    }
  }, growMs).unref();
  let collectedAt = Number.NEGATIVE_INFINITY;
  setInterval(() => {
    const now = performance.now();
    if (now - collectedAt > restMs && process.memoryUsage.rss() > collectAbove) {
      collectedAt = now;
      collect();
    }
  }, checkMs).unref();
}
