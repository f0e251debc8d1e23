/**
 * Works on the items of one key one batch at a time, and on different keys at once.
 *
 * What comes for a key while a batch of it is being worked on makes the next batch. An idle key costs nothing.
 */
export type Lanes<Item, Result> = {
  /** Rejects with what the batch rejected with. */
  add(key: string, item: Item): Promise<Result>;
};

type Waiting<Item, Result> = {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
};

/** Creates lanes without items. `run` resolves with one entry per item, in order. */
export function createLanes<Item, Result>(
  run: (items: readonly Item[]) => Promise<readonly Result[]>,
): Lanes<Item, Result> {
  /** By key, what waits behind the batch at work; a key without one is not there. */
  const lanes = new Map<string, Waiting<Item, Result>[]>();

  async function work(key: string, first: Waiting<Item, Result>): Promise<void> {
    let batch = [first];
    while (batch.length > 0) {
      lanes.set(key, []);
      await settle(batch);
      batch = lanes.get(key) ?? [];
    }
    lanes.delete(key);
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
        const waiting = lanes.get(key);
        if (waiting) {
          waiting.push({ item, resolve, reject });
        } else {
          void work(key, { item, resolve, reject });
        }
      });
    },
  };
}
