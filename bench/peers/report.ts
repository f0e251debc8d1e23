import type { AddressInfo, Server } from "node:net";
import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Resources that a peer's process has used, worker threads included. */
export type Usage = {
  cpuMicros: number;
  rssBytes: number;
  /** Objects of V8, and memory outside its heap that belongs to them. */
  heapBytes: number;
  /** Calls that the peer received and never answers. */
  heldCalls: number;
};

/**
 * Sends the peer's URL, then replies to every message with the usage so far, to "collect" after collecting garbage. The
 * peer exits with the benchmark.
 */
export function reportToParent(url: string, heldCalls: () => number = () => 0): void {
  process.on("message", async (message) => {
    if (message === "collect") {
      setFlagsFromString("--expose-gc");
      // What closed connections held is only free after callbacks that the first collection causes.
      for (let time = 0; time < 3; time++) {
        runInNewContext("gc")();
        await setTimeout(100);
      }
    }
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed, external } = process.memoryUsage();
    const usage: Usage = {
      cpuMicros: user + system,
      rssBytes: rss,
      heapBytes: heapUsed + external,
      heldCalls: heldCalls(),
    };
    process.send?.(usage);
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
