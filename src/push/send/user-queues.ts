import { createSemaphore } from "./semaphore.ts";

/** One queue per user: the items of a user are processed in order, one at a time; users do not wait for each other. */
export type UserQueues<Item> = {
  /**
   * Starts processing an item, or queues it behind the one of its user that is in flight. Returns a promise if the
   * caller must wait until there is room.
   */
  add(user: string, item: Item): Promise<void> | undefined;
  /** Users with an item in flight. */
  inFlight(): number;
  /** Items that wait for an earlier one of their user. */
  queued(): number;
  /** Resolves when nothing is in flight. */
  whenIdle(): Promise<void>;
  /** Drops all items that are not in flight, and those added from now on. */
  stop(): void;
};

export type UserQueuesOptions<Item> = {
  /** Processes an item. Must not reject. */
  process(item: Item): Promise<void>;
  /** Maximum number of users with an item in flight. Read again after each item. */
  limit(): number;
  /** Maximum number of queued items, of all users together. */
  maxQueued: number;
};

/** Creates the queues. A queue exists only while an item of its user is in flight. */
export function createUserQueues<Item>(options: UserQueuesOptions<Item>): UserQueues<Item> {
  const { process, limit, maxQueued } = options;
  const slots = createSemaphore(limit);
  const room = createSemaphore(() => maxQueued);
  let isStopped = false;
  const queues = new Map<string, Item[]>();
  const idle: (() => void)[] = [];

  async function processQueue(user: string, first: Item): Promise<void> {
    const queue: Item[] = [];
    queues.set(user, queue);
    for (let item: Item | undefined = first; item !== undefined && !isStopped; ) {
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
    const permit = semaphore.acquire();
    if (permit === true) {
      enter(user, item, queue);
      return undefined;
    }
    return permit === false ? undefined : permit.then(enterLater);

    function enterLater(isAcquired: boolean): Promise<void> | undefined {
      if (isAcquired && queues.get(user) !== queue) {
        // The queue was emptied while this item waited for room in it.
        semaphore.release();
        return add(user, item);
      }
      if (isAcquired) {
        enter(user, item, queue);
      }
      return undefined;
    }
  }

  function enter(user: string, item: Item, queue: Item[] | undefined): void {
    if (queue === undefined) {
      void processQueue(user, item);
    } else {
      queue.push(item);
    }
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
    stop() {
      isStopped = true;
      slots.close();
      room.close();
    },
  };
}
