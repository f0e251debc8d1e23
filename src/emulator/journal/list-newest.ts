import { maxPageBytes } from "../page.ts";
import type { Ring } from "../ring.ts";

type ListOptions<Item, Shown> = {
  /** Number of the newest item that may be listed. Defaults to the newest of all. */
  newest: number | undefined;
  pageSize: number;
  matches: (item: Item) => boolean;
  show: (number: number, item: Item) => Shown;
  sizeOf: (shown: Shown) => number;
};

/**
 * Returns the newest items that match, the newest first, and the number at which the next page continues; undefined if
 * there is none. Since items are numbered, pages are stable while new ones arrive.
 */
export function listNewest<Item, Shown>(
  ring: Pick<Ring<Item>, "first" | "next" | "at">,
  { newest, pageSize, matches, show, sizeOf }: ListOptions<Item, Shown>,
): { shown: Shown[]; next: number | undefined } {
  const shown: Shown[] = [];
  let bytes = 0;
  for (let number = Math.min(newest ?? ring.next, ring.next - 1); number >= ring.first; number--) {
    const item = ring.at(number);
    if (item === undefined || !matches(item)) {
      continue;
    }
    if (shown.length === pageSize) {
      return { shown, next: number };
    }
    const each = show(number, item);
    bytes += sizeOf(each);
    if (bytes > maxPageBytes && shown.length > 0) {
      return { shown, next: number };
    }
    shown.push(each);
  }
  return { shown, next: undefined };
}
