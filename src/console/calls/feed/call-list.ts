/** Rows in the order of their numbers, of which only the newest are kept. */
export type CallList<Row extends Numbered> = {
  readonly size: number;
  /** Most rows that are kept. Grows when older rows are added. */
  readonly limit: number;
  /** Returns a row by its place; the newest is at 0. */
  at(place: number): Row | undefined;
  /** Returns the place of the row with a number; without it, that of the next older one. */
  placeOf(number: number): number;
  /** Adds a row that is newer than all. Leaves out the oldest if there is no room; returns whether it did. */
  add(row: Row): boolean;
  /** Adds rows, newest first, all older than those that are held. */
  addOlder(rows: readonly Row[]): void;
  /** Sets the limit, and removes rows beyond it. Returns whether it removed any. */
  limitTo(limit: number): boolean;
  clear(): void;
};

type Numbered = { readonly number: number };

/** Creates an empty list. Adding a row takes constant time, because there may be thousands per second. */
export function createCallList<Row extends Numbered>(limit: number): CallList<Row> {
  /** Oldest first, from `first` on, around the end. Its length is the limit once it is full. */
  let held: (Row | undefined)[] = [];
  let first = 0;
  let most = limit;

  const at = (place: number): Row | undefined =>
    place < 0 || place >= held.length ? undefined : held[(first + held.length - 1 - place) % held.length];

  function oldestFirst(): (Row | undefined)[] {
    return [...held.slice(first), ...held.slice(0, first)];
  }

  function limitTo(next: number): boolean {
    const isOver = held.length > next;
    held = oldestFirst().slice(isOver ? -next : 0);
    first = 0;
    most = next;
    return isOver;
  }

  return {
    get size() {
      return held.length;
    },
    get limit() {
      return most;
    },
    at,
    placeOf(number) {
      let low = 0;
      let high = held.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((at(middle)?.number ?? 0) > number) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      return low;
    },
    add(row) {
      if (held.length < most) {
        held.push(row);
        return false;
      }
      held[first] = row;
      first = (first + 1) % most;
      return true;
    },
    addOlder(rows) {
      held = [...rows.toReversed(), ...oldestFirst()];
      first = 0;
      most = Math.max(most, held.length);
    },
    limitTo,
    clear() {
      held = [];
      first = 0;
      most = limit;
    },
  };
}
