type Waiting<Item, Result> = {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
};

/**
 * Creates a queue per key: items of one key run one batch at a time, in order; different keys run concurrently. `add`
 * queues an item; items that arrive during a batch of their key form the next one. It rejects with the batch's error.
 *
 * `run` resolves with one entry per item, in order.
 */
export function createKeyQueues<Item, Result>(
  run: (items: readonly Item[]) => Promise<readonly Result[]>,
): { add(key: string, item: Item): Promise<Result> } {
  /** Items that wait for the running batch of their key. A key without a running batch has no entry. */
  const queues = new Map<string, Waiting<Item, Result>[]>();

  async function runBatches(key: string, first: Waiting<Item, Result>): Promise<void> {
    let batch = [first];
    while (batch.length > 0) {
      queues.set(key, []);
      await settle(batch);
      batch = queues.get(key) ?? [];
    }
    queues.delete(key);
  }

  async function settle(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await run(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, index) => {
        resolve(results[index] as Result);
      });
    } catch (error) {
      for (const { reject } of batch) {
        reject(error);
      }
    }
  }

  return {
    add(key, item) {
      return new Promise((resolve, reject) => {
        const waiting = queues.get(key);
        if (waiting) {
          waiting.push({ item, resolve, reject });
        } else {
          void runBatches(key, { item, resolve, reject });
        }
      });
    },
  };
}
