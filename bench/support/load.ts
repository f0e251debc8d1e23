import autocannon from "autocannon";
import type { Peer } from "./peer.ts";

/** One kind of request, for many users. */
export type Load = {
  method: "GET" | "POST";
  headers: Record<string, string>;
  body?: string;
  /** Path of the n-th request. */
  path: (n: number) => string;
};

/** What a server spent and reached under a load. */
export type Cost = {
  requests: number;
  cpuMicrosPerRequest: number;
  requestsPerSecond: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
};

/** How a load is put on: connections that each send one request after the other, and how many requests a second. */
export type Pressure = { connections?: number; rate?: number | undefined };

/**
 * Puts a peer under load for some seconds and returns what each request cost it. Throws if one failed. Without a
 * `rate` every connection sends as fast as it is answered; with one, all together send so many requests a second.
 */
export async function measure(
  peer: Peer,
  load: Load,
  seconds: number,
  { connections = 64, rate }: Pressure = {},
): Promise<Cost> {
  let sent = 0;
  const before = await peer.usage();
  const result = await autocannon({
    url: peer.url,
    connections,
    duration: seconds,
    ...(rate !== undefined && { overallRate: rate }),
    requests: [
      {
        method: load.method,
        headers: load.headers,
        ...(load.body !== undefined && { body: load.body }),
        setupRequest: (request) => ({ ...request, path: load.path(sent++) }),
      },
    ],
  });
  const after = await peer.usage();
  const requests = result["2xx"];
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(`${result.non2xx} requests were refused and ${result.errors} failed at ${peer.url}`);
  }
  return {
    requests,
    cpuMicrosPerRequest: (after.cpuMicros - before.cpuMicros) / requests,
    requestsPerSecond: requests / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
  };
}

/** Returns the middle one of some figures. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
