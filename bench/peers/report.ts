import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Resources that a peer's process has used, worker threads included. */
export type Usage = { cpuMicros: number; rssBytes: number };

/**
 * Sends the peer's URL, then replies to every message with the usage so far, to "collect" after collecting garbage. The
 * peer exits with the benchmark.
 */
export function reportToParent(url: string): void {
  process.on("message", (message) => {
    if (message === "collect") {
      setFlagsFromString("--expose-gc");
      runInNewContext("gc")();
    }
    const { user, system } = process.cpuUsage();
    process.send?.({ cpuMicros: user + system, rssBytes: process.memoryUsage.rss() } satisfies Usage);
  });
  process.on("disconnect", () => process.exit(0));
  process.send?.(url);
}
