import { openHttp1 } from "./http1-lanes.ts";
import { openHttp2 } from "./http2-lanes.ts";
import type { Lane, Load } from "./lane.ts";
import type { Peer } from "./peer.ts";

/** Cost and throughput of a server under a load. */
export type Cost = {
  requests: number;
  cpuMicrosPerRequest: number;
  requestsPerSecond: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
};

/**
 * Concurrent requests, and requests per second of all of them together. Over HTTP/1.1 each has a connection, over HTTP/2
 * eight share one.
 */
export type Pressure = { concurrency?: number; rate?: number | undefined };

/** Streams that share a connection. */
const streams = 8;

/**
 * Sends requests to a peer for some seconds and returns the peer's cost per request. Without a `rate`, every lane sends
 * as fast as it gets responses. Throws if a request fails. Opening the connections does not count.
 */
export async function measure(
  peer: Peer,
  load: Load,
  seconds: number,
  { concurrency = 64, rate }: Pressure = {},
): Promise<Cost> {
  const { lanes, close } =
    load.over === "http2"
      ? await openHttp2(peer.url, load, Math.ceil(concurrency / streams), streams)
      : await openHttp1(peer.url, load, concurrency);
  const before = await peer.usage();
  const began = performance.now();
  const latencies = await drive(lanes, load.users ?? 100_000, began, seconds * 1000, rate);
  const elapsed = performance.now() - began;
  const after = await peer.usage();
  close();
  latencies.sort((a, b) => a - b);
  return {
    requests: latencies.length,
    cpuMicrosPerRequest: (after.cpuMicros - before.cpuMicros) / latencies.length,
    requestsPerSecond: latencies.length / (elapsed / 1000),
    p50: latencies[Math.floor(latencies.length * 0.5)] ?? Number.NaN,
    p99: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
  };
}

let sent = 0;

/** Keeps all lanes busy and returns the latencies in ms. */
async function drive(
  lanes: readonly Lane[],
  users: number,
  began: number,
  ms: number,
  rate: number | undefined,
): Promise<Float64Array> {
  const latencies: number[] = [];
  const end = began + ms;
  // With a rate, each lane has fixed times to send at. Latency counts from that time, so that delays are included.
  const pause = rate === undefined ? 0 : (lanes.length / rate) * 1000;
  await Promise.all(
    lanes.map(async (send, index) => {
      for (let due = began + (index / lanes.length) * pause; due < end; ) {
        if (rate !== undefined) {
          await until(due);
        }
        // Consecutive requests are for users that are far from each other in the order of their keys.
        await send((sent++ * 7_368_787) % users);
        const now = performance.now();
        latencies.push(now - due);
        due = rate === undefined ? now : due + pause;
      }
    }),
  );
  return Float64Array.from(latencies);
}

/** Resolves at a time, exactly to some microseconds: a timer alone would be late by up to 1 ms. */
async function until(time: number): Promise<void> {
  for (let wait = time - performance.now(); wait > 0; wait = time - performance.now()) {
    await new Promise<void>((resolve) => (wait > 2 ? setTimeout(resolve, wait - 2) : setImmediate(resolve)));
  }
}

/** Returns the median of some figures. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
