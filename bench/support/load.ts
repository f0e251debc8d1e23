import autocannon from "autocannon";
import type { Peer } from "./peer.ts";

/** One kind of request, for many users. */
export type Load = {
  method: "GET" | "POST";
  headers: Record<string, string>;
  body?: string;
  /** Returns the path of the n-th request. */
  path: (n: number) => string;
};

/** Cost and throughput of a server under a load. */
export type Cost = {
  requests: number;
  cpuMicrosPerRequest: number;
  requestsPerSecond: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
};

/** Number of connections, which send one request at a time, and requests per second of all connections together. */
export type Pressure = { connections?: number; rate?: number | undefined };

/**
 * Sends requests to a peer for some seconds and returns the peer's cost per request. Without a `rate`, every connection
 * sends as fast as it gets responses. Throws if a request fails.
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
    throw new Error(`${peer.url}: ${result.non2xx} responses were not 2xx, ${result.errors} requests failed`);
  }
  return {
    requests,
    cpuMicrosPerRequest: (after.cpuMicros - before.cpuMicros) / requests,
    requestsPerSecond: requests / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
  };
}

/** Returns the median of some figures. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
