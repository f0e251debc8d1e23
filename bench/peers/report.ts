/** What a peer tells the benchmark about its whole process, worker threads included. */
export type Usage = { cpuMicros: number; rssBytes: number };

/** Sends the peer's URL, then answers every message with its usage so far. Ends with the benchmark. */
export function reportToParent(url: string): void {
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpuMicros: user + system, rssBytes: process.memoryUsage.rss() } satisfies Usage);
  });
  process.on("disconnect", () => process.exit(0));
  process.send?.(url);
}
