/** The newest items of a sequence. Items are numbered from 1, in the order in which they were added. */
export type Ring<Item> = {
  /** Number of the oldest item that is held; that of the next one if none is. */
  readonly first: number;
  /** Number of the item that is added next. */
  readonly next: number;
  /** Items that were dropped to make room since the start or since `clear`. */
  readonly dropped: number;
  /** Size of the items that are held, in bytes. */
  readonly bytes: number;
  /** Adds an item of about `bytes` bytes and returns its number. Drops the oldest items if there is no room. */
  add(item: Item, bytes: number): number;
  /** Returns an item by its number; undefined if it is not held. */
  at(number: number): Item | undefined;
  /** Removes all items. Numbers continue. */
  clear(): void;
};

export type RingLimits = {
  readonly maxItems: number;
  /** The newest item is held even if it is larger. */
  readonly maxBytes: number;
};

/** Creates an empty ring. */
export function createRing<Item>({ maxItems, maxBytes }: RingLimits): Ring<Item> {
  /** The item with a number is at the remainder of its division by `maxItems`. */
  let held: ({ item: Item; bytes: number } | undefined)[] = [];
  let first = 1;
  let next = 1;
  let dropped = 0;
  let total = 0;

  function dropOldest(): void {
    total -= held[first % maxItems]?.bytes ?? 0;
    held[first % maxItems] = undefined;
    first += 1;
    dropped += 1;
  }

  return {
    get first() {
      return first;
    },
    get next() {
      return next;
    },
    get dropped() {
      return dropped;
    },
    get bytes() {
      return total;
    },
    add(item, bytes) {
      while (first < next && (next - first >= maxItems || total + bytes > maxBytes)) {
        dropOldest();
      }
      held[next % maxItems] = { item, bytes };
      total += bytes;
      next += 1;
      return next - 1;
    },
    at: (number) => (number >= first && number < next ? held[number % maxItems]?.item : undefined),
    clear() {
      held = [];
      first = next;
      dropped = 0;
      total = 0;
    },
  };
}
