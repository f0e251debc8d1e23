import { createSemaphore } from "./semaphore.ts";

/** One queue per user: the items of a user are processed in order, one at a time; users do not wait for each other. */
type UserQueues<Item> = {
  /**
   * Starts processing an item, or queues it behind the one of its user that is in flight. Returns a promise if the
   * caller must wait until there is room.
   */
  add(user: string, item: Item): Promise<void> | undefined;
  /** Users with an item in flight. */
  inFlight(): number;
  /** Reports that the limit may have risen. */
  limitChanged(): void;
  /** Resolves when nothing is in flight. */
  whenIdle(): Promise<void>;
  /** Drops all items that are not in flight, and those added from now on. */
  stop(): void;
};

/** Creates the queues. A queue exists only while an item of its user is in flight. */
export function createUserQueues<Item, Result>(options: {
  process(item: Item): Promise<Result>;
  /** Called with the result of an item, before the next one of its user starts. */
  onResult(item: Item, result: Result): void;
  /** Called if one of the above fails. */
  onError(error: unknown): void;
  /** Maximum number of users with an item in flight. Read again after each item and `limitChanged`. */
  limit(): number;
  /** Maximum number of queued items, of all users together. */
  maxQueued: number;
}): UserQueues<Item> {
  const queues = new Map<string, Item[]>();
  const inFlight = createSemaphore(options.limit);
  const queued = createSemaphore(() => options.maxQueued);
  let isStopped = false;
  // One promise for all waiting callers, replaced at each change: a promise that stays pending would keep every wait in memory.
  let change = Promise.withResolvers<void>();

  function add(user: string, item: Item): Promise<void> | undefined {
    if (isStopped) {
      return undefined;
    }
    const queue = queues.get(user);
    if (!(queue === undefined ? inFlight : queued).tryAcquire()) {
      // After the change the user may be idle, so the item is added as if it were new.
      return change.promise.then(() => add(user, item));
    }
    if (queue === undefined) {
      void processQueue(user, item);
    } else {
      queue.push(item);
    }
    return undefined;
  }

  async function processQueue(user: string, first: Item): Promise<void> {
    const queue: Item[] = [];
    queues.set(user, queue);
    for (let item: Item | undefined = first; item !== undefined && !isStopped; ) {
      try {
        options.onResult(item, await options.process(item));
      } catch (error) {
        options.onError(error);
      }
      item = queue.shift();
      if (item !== undefined) {
        queued.release();
        changed();
      }
    }
    queues.delete(user);
    inFlight.release();
    changed();
  }

  function changed(): void {
    change.resolve();
    change = Promise.withResolvers();
  }

  return {
    add,
    inFlight: inFlight.taken,
    limitChanged: changed,
    async whenIdle() {
      while (inFlight.taken() > 0) {
        await change.promise;
      }
    },
    stop() {
      isStopped = true;
      changed();
    },
  };
}
