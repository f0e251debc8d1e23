/** The rows of a long list that are in the page: those that are seen, and some around them. */
export type RowWindow = {
  readonly from: number;
  /** Behind the last one. */
  readonly to: number;
};

/** Rows before and after those that are seen, so that a quick scroll shows no gap. */
const overscan = 8;

/** Returns the rows that are in the page when the list is scrolled to an offset. All sizes are in pixels. */
export function rowWindow(init: {
  scrollTop: number;
  height: number;
  rowHeight: number;
  count: number;
}): RowWindow {
  const { scrollTop, height, rowHeight, count } = init;
  const first = Math.floor(scrollTop / rowHeight) - overscan;
  const last = Math.ceil((scrollTop + height) / rowHeight) + overscan;
  const to = Math.max(0, Math.min(count, last));
  return { from: Math.max(0, Math.min(first, to)), to };
}

/** Returns where a list scrolls to so that a row is seen whole, below a header that covers its first pixels. */
export function scrollTopFor(
  place: number,
  { scrollTop, height, rowHeight }: { scrollTop: number; height: number; rowHeight: number },
): number {
  const top = place * rowHeight;
  if (top < scrollTop) {
    return top;
  }
  return top + rowHeight > scrollTop + height ? top + rowHeight - height : scrollTop;
}
