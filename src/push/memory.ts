import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Above this much resident memory, in bytes, garbage is collected whether the engine sees need or not. */
const comfortable = 112 * 1024 * 1024;

/**
 * How large the space for new objects may become, in bytes. With the megabyte that it begins with, a third of the time
 * goes to collecting; with all that the engine would take it is most of the memory.
 */
const newSpace = 16 * 1024 * 1024;

/** How often that is looked at, and how much time passes between two collections at least, in milliseconds. */
const lookMs = 500;
const restMs = 5_000;

/** How often it is looked whether the space for new objects has grown, in milliseconds. */
const growMs = 25;

/**
 * Keeps the memory of this process small, at some cost of time, when it is called before the program is loaded. The
 * engine would rather let garbage pile up to twice what is needed: good for a server that has a machine to itself, not
 * for a tool that runs for an hour beside others.
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
    if (now - collectedAt > restMs && process.memoryUsage.rss() > comfortable) {
      collectedAt = now;
      collect();
    }
  }, lookMs).unref();
}
