import type { AddressInfo, Server } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Resources that a peer's process has used, worker threads included. */
export type Usage = { cpuMicros: number; rssBytes: number; heapBytes: number };

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
    const { rss, heapUsed, external } = process.memoryUsage();
    const usage = { cpuMicros: user + system, rssBytes: rss, heapBytes: heapUsed + external };
    process.send?.(usage satisfies Usage);
  });
  process.on("disconnect", () => process.exit(0));
  process.send?.(url);
}

/** Listens on a free port and sends the URL. */
export function listenAndReport(server: Server): void {
  server.listen(0, "127.0.0.1", () => {
    reportToParent(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
}
