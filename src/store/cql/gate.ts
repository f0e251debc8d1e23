import { StoreUnavailable } from "../plan-store.ts";

/**
 * Lets in as many calls as may wait, and as many of those at a time to the cluster as it can work on.
 *
 * Without it a slow cluster would fill the memory of this process, and the driver would refuse what exceeds its
 * stream ids without saying that it did.
 */
export type Gate = {
  /** Counts a call in until its work has settled. Rejects with StoreUnavailable if it is full or has ended. */
  admit<Result>(bytes: number, work: () => Promise<Result>): Promise<Result>;
  /** Works when its turn has come. Rejects with StoreUnavailable, without working, if that takes too long. */
  turn<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Rejects with StoreUnavailable if `admit` would, for a call without bytes. */
  check(): void;
  /** Refuses later calls, and resolves once every admitted one has settled. */
  drain(): Promise<void>;
};

export type GateOptions = {
  /** Calls that may be in, those at work included. */
  maxCalls: number;
  /** Sum of the bytes of all calls that may be in. */
  maxBytes: number;
  /** Calls that may be at work. */
  maxAtWork: number;
  /** Longest wait for a turn, in ms. */
  maxWait: number;
};

type Waiting = { readonly since: number; start(): void; refuse(waited: number): void };

/** Creates an open gate that nobody has passed. */
export function createGate({ maxCalls, maxBytes, maxAtWork, maxWait }: GateOptions): Gate {
  const waiting: Waiting[] = [];
  let calls = 0;
  let callBytes = 0;
  let atWork = 0;
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
    for (;;) {
      const next = waiting.shift();
      if (!next) {
        return;
      }
      const waited = now - next.since;
      if (waited <= maxWait) {
        next.start();
        return;
      }
      // When the cluster hangs, all that waited for too long leave together with the first.
      next.refuse(waited);
    }
  }

  async function worked<Result>(work: () => Promise<Result>): Promise<Result> {
    atWork++;
    try {
      return await work();
    } finally {
      atWork--;
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
    turn<Result>(work: () => Promise<Result>) {
      if (atWork < maxAtWork) {
        return worked(work);
      }
      return new Promise<Result>((resolve, reject) => {
        waiting.push({
          since: performance.now(),
          start: () => void worked(work).then(resolve, reject),
          refuse: (waited) =>
            reject(
              new StoreUnavailable(
                `the cluster is too slow: a call waited ${Math.round(waited)} ms to begin`,
              ),
            ),
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
