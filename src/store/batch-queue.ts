import { StoreUnavailable } from "./plan-store.ts";

/**
 * Collects the calls that arrive while one batch runs, and runs them together as the next one: batches grow with the
 * load, and no call waits for a batch to fill.
 */
export type BatchQueue<Item, Result> = {
  /**
   * Queues one item. Rejects with StoreUnavailable if the queue is full or drained, and with the signal's reason if it
   * is aborted before the item is in a batch.
   */
  add(item: Item, bytes: number, signal?: AbortSignal): Promise<Result>;
  /** Rejects later items, and resolves once every accepted one has settled. */
  drain(): Promise<void>;
};

type BatchQueueOptions<Item, Result> = {
  /**
   * Runs one batch; called again only after the last one has settled. Resolves with one entry per item, in order, where
   * an Error rejects only that item. Rejects to reject every item of the batch.
   */
  run(items: readonly Item[]): Promise<readonly (Result | Error)[]>;
  /** Largest number of items in a batch. */
  batchItems: number;
  /** Largest sum of bytes in a batch; a larger item is a batch alone. No limit by default. */
  batchBytes?: number;
  /** Items that may wait, including those in the running batch. */
  maxItems: number;
  /** Sum of bytes that may wait, including those in the running batch. No limit by default. */
  maxBytes?: number;
};

type Waiting<Item, Result> = {
  readonly item: Item;
  readonly bytes: number;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
};

/** Creates an empty queue. */
export function createBatchQueue<Item, Result>(
  options: BatchQueueOptions<Item, Result>,
): BatchQueue<Item, Result> {
  const { batchBytes = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY } = options;
  let waiting: Waiting<Item, Result>[] = [];
  let items = 0;
  let bytes = 0;
  let scheduled = false;
  let ended = false;
  const drained = Promise.withResolvers<void>();

  function schedule(): void {
    if (scheduled) {
      return;
    }
    scheduled = true;
    // In the check phase: the requests that one turn of the event loop reads, and the callers that the last batch
    // resumes, all put before it and so share one commit.
    setImmediate(runNext);
  }

  function take(): Waiting<Item, Result>[] {
    let count = 0;
    let size = 0;
    dropAborted();
    for (const { bytes } of waiting) {
      size += bytes;
      if (count === options.batchItems || (count > 0 && size > batchBytes)) {
        break;
      }
      count++;
    }
    return waiting.splice(0, count);
  }

  // Signals are only checked here, because a listener for each item would cost more than the item.
  function dropAborted(): void {
    if (!waiting.some(({ signal }) => signal?.aborted)) {
      return;
    }
    for (const entry of waiting) {
      if (entry.signal?.aborted) {
        items--;
        bytes -= entry.bytes;
        entry.reject(entry.signal.reason);
      }
    }
    waiting = waiting.filter(({ signal }) => !signal?.aborted);
  }

  // `scheduled` stays set until the batch has settled, so that one batch runs at a time.
  async function runNext(): Promise<void> {
    const batch = take();
    try {
      const results = batch.length === 0 ? [] : await options.run(batch.map(({ item }) => item));
      batch.forEach(({ resolve, reject }, index) => {
        const result = results[index] as Result | Error;
        if (result instanceof Error) {
          reject(result);
        } else {
          resolve(result);
        }
      });
    } catch (error) {
      for (const { reject } of batch) {
        reject(error as Error);
      }
    }
    items -= batch.length;
    for (const entry of batch) {
      bytes -= entry.bytes;
    }
    scheduled = false;
    if (waiting.length > 0) {
      schedule();
    } else if (items === 0 && ended) {
      drained.resolve();
    }
  }

  return {
    add(item, size, signal) {
      if (ended) {
        return Promise.reject(new StoreUnavailable("the store is closed"));
      }
      if (items >= options.maxItems || bytes + size > maxBytes) {
        return Promise.reject(
          new StoreUnavailable(
            `the store is overloaded: ${items} calls (${bytes} bytes) are waiting for the disk`,
          ),
        );
      }
      items++;
      bytes += size;
      return new Promise((resolve, reject) => {
        waiting.push({ item, bytes: size, signal, resolve, reject });
        schedule();
      });
    },
    drain() {
      ended = true;
      if (items === 0) {
        drained.resolve();
      }
      return drained.promise;
    },
  };
}
