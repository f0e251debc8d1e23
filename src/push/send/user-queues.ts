import { createSemaphore } from "./semaphore.ts";

/** One queue per user: the items of a user are processed in order, one at a time; users do not wait for each other. */
export type UserQueues<Item> = {
  /**
   * Starts processing an item, or queues it behind the one of its user that is in flight. Returns a promise if the
   * caller must wait until there is room. After an abort, items are dropped.
   */
  add(user: string, item: Item): Promise<void> | undefined;
  /** Users with an item in flight. */
  inFlight(): number;
  /** Items that wait for an earlier one of their user. */
  queued(): number;
  /** Resolves when nothing is in flight. */
  whenIdle(): Promise<void>;
};

export type UserQueuesOptions<Item> = {
  /** Processes an item. Must not reject. */
  process(item: Item): Promise<void>;
  /** Maximum number of users with an item in flight. Read again after each item. */
  limit(): number;
  /** Maximum number of queued items, of all users together. */
  maxQueued: number;
  /** Once aborted, nothing new is started; items in flight are completed. */
  signal: AbortSignal;
};

/** Creates the queues. A queue exists only while an item of its user is in flight. */
export function createUserQueues<Item>(options: UserQueuesOptions<Item>): UserQueues<Item> {
  const { process, limit, maxQueued, signal } = options;
  const slots = createSemaphore(limit, signal);
  const room = createSemaphore(() => maxQueued, signal);
  const queues = new Map<string, Item[]>();
  const idle: (() => void)[] = [];

  async function processQueue(user: string, first: Item): Promise<void> {
    const queue: Item[] = [];
    queues.set(user, queue);
    for (let item: Item | undefined = first; item !== undefined && !signal.aborted; ) {
      await process(item);
      slots.limitChanged();
      item = queue.shift();
      if (item !== undefined) {
        room.release();
      }
    }
    queues.delete(user);
    slots.release();
    if (slots.inUse() === 0) {
      for (const resolve of idle.splice(0)) {
        resolve();
      }
    }
  }

  function add(user: string, item: Item): Promise<void> | undefined {
    const queue = queues.get(user);
    const semaphore = queue === undefined ? slots : room;
    function enter(): Promise<void> | undefined {
      if (queues.get(user) !== queue) {
        // The queue was emptied while this item waited for room in it.
        semaphore.release();
        return add(user, item);
      }
      if (queue === undefined) {
        void processQueue(user, item);
      } else {
        queue.push(item);
      }
      return undefined;
    }
    const permit = semaphore.acquire();
    if (typeof permit === "boolean") {
      return permit ? enter() : undefined;
    }
    return permit.then((isAcquired) => (isAcquired ? enter() : undefined));
  }

  return {
    add,
    inFlight: () => slots.inUse(),
    queued: () => room.inUse(),
    whenIdle: async () => {
      if (slots.inUse() > 0) {
        await new Promise<void>((resolve) => idle.push(resolve));
      }
    },
  };
}
