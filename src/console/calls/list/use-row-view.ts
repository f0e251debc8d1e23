import { useSignal } from "@preact/signals";
import type { RefObject, TargetedUIEvent } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { type RowWindow, rowWindow, scrollTopFor } from "./row-window.ts";

/** Heights of rows in pixels, with one line and with two; calls.css has the same. */
const rowHeights = { wide: 32, compact: 54 };

/** Narrower lists have two lines per row. In pixels. */
const compactWidth = 760;

/** What is seen of a long list. */
export type RowView = {
  readonly box: RefObject<HTMLDivElement | null>;
  /** Whether rows have two lines. */
  readonly isCompact: boolean;
  /** In pixels. */
  readonly rowHeight: number;
  /** The rows that are in the page. */
  readonly window: RowWindow;
  onScroll(event: TargetedUIEvent<HTMLDivElement>): void;
  /** Scrolls as far as the row at a place needs. */
  reveal(place: number): void;
};

/** Follows how a box with many rows is scrolled, and how large it is. `onTop` is told whether it is at its top. */
export function useRowView(count: number, onTop: (isAtTop: boolean) => void): RowView {
  const box = useRef<HTMLDivElement>(null);
  const scrollTop = useSignal(0);
  const size = useSignal({ width: 1_000, height: 600 });
  const isCompact = size.value.width < compactWidth;
  const rowHeight = isCompact ? rowHeights.compact : rowHeights.wide;
  // The header stays at the top. Rows with two lines have none.
  const height = Math.max(rowHeight, size.value.height - (isCompact ? 0 : rowHeight));

  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry?.contentRect ?? size.value;
      size.value = { width, height };
    });
    observer.observe(box.current as HTMLDivElement);
    onTop(true);
    return () => {
      observer.disconnect();
      onTop(true);
    };
  }, []);

  return {
    box,
    isCompact,
    rowHeight,
    window: rowWindow({ scrollTop: scrollTop.value, height, rowHeight, count }),
    onScroll({ currentTarget }) {
      scrollTop.value = currentTarget.scrollTop;
      onTop(currentTarget.scrollTop === 0);
    },
    reveal(place) {
      if (box.current) {
        const next = scrollTopFor(place, { scrollTop: box.current.scrollTop, height, rowHeight });
        box.current.scrollTop = next;
        scrollTop.value = next;
      }
    },
  };
}
