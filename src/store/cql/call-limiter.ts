import { StoreUnavailable } from "../plan-store.ts";

/**
 * Limits how many calls the store has accepted, and how many of those the cluster works on at a time. Without limits a
 * slow cluster would fill the memory of this process, and the driver would reject calls that exceed its stream ids.
 */
type CallLimiter = {
  /** Counts a call as accepted until its work has settled. Rejects with StoreUnavailable when full or drained. */
  admit<Result>(bytes: number, work: () => Promise<Result>): Promise<Result>;
  /** Runs work in the order of calls. Rejects with StoreUnavailable, without running it, after too long a wait. */
  run<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Raises StoreUnavailable if `admit` would reject a call without bytes. */
  check(): void;
  /** Rejects later calls, and resolves once every admitted one has settled. */
  drain(): Promise<void>;
};

export type CallLimiterOptions = {
  /** Calls that may be admitted, running ones included. */
  maxCalls: number;
  /** Sum of the bytes of all admitted calls. */
  maxBytes: number;
  /** Calls that may run at a time. */
  maxRunning: number;
  /** Longest wait before a call runs, in ms. */
  maxWait: number;
};

type Waiting = { readonly since: number; start(): void; reject(waited: number): void };

/** Creates a limiter without calls. */
export function createCallLimiter(options: CallLimiterOptions): CallLimiter {
  const { maxCalls, maxBytes, maxRunning, maxWait } = options;
  const waiting: Waiting[] = [];
  let calls = 0;
  let callBytes = 0;
  let running = 0;
  let ended = false;
  const drained = Promise.withResolvers<void>();

  function check(bytes = 0): void {
    if (ended) {
      throw new StoreUnavailable("the store is closed");
    }
    if (calls >= maxCalls || callBytes + bytes > maxBytes) {
      throw new StoreUnavailable(
        `the store is overloaded: ${calls} calls (${callBytes} bytes) are waiting for the cluster`,
      );
    }
  }

  function startNext(): void {
    const now = performance.now();
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const waited = now - next.since;
      if (waited <= maxWait) {
        next.start();
        return;
      }
      // When the cluster hangs, all calls that have waited for too long are rejected together.
      next.reject(waited);
    }
  }

  async function runNow<Result>(work: () => Promise<Result>): Promise<Result> {
    running++;
    try {
      return await work();
    } finally {
      running--;
      startNext();
    }
  }

  return {
    async admit(bytes, work) {
      check(bytes);
      calls++;
      callBytes += bytes;
      try {
        return await work();
      } finally {
        calls--;
        callBytes -= bytes;
        if (ended && calls === 0) {
          drained.resolve();
        }
      }
    },
    run<Result>(work: () => Promise<Result>) {
      if (running < maxRunning) {
        return runNow(work);
      }
      return new Promise<Result>((resolve, reject) => {
        waiting.push({
          since: performance.now(),
          start: () => void runNow(work).then(resolve, reject),
          reject(waited) {
            reject(
              new StoreUnavailable(
                `the cluster is too slow: a call waited ${Math.round(waited)} ms to start`,
              ),
            );
          },
        });
      });
    },
    check: () => check(),
    drain() {
      ended = true;
      if (calls === 0) {
        drained.resolve();
      }
      return drained.promise;
    },
  };
}
