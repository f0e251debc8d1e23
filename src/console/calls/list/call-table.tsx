import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { goTo, hrefOf } from "../../ui/route.ts";
import { type CallFilters, queryOf } from "../feed/call-filters.ts";
import type { CallRow } from "../feed/call-row.ts";
import type { CallStore } from "../feed/call-store.ts";
import { columns, Row } from "./call-row-view.tsx";
import type { RowWindow } from "./row-window.ts";
import { useRowView } from "./use-row-view.ts";

/** Moves by which keys: how many rows down, or to an end. */
const moves: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  j: 1,
  ArrowUp: -1,
  k: -1,
  PageDown: 10,
  PageUp: -10,
  End: Number.POSITIVE_INFINITY,
  Home: Number.NEGATIVE_INFINITY,
};

/** Which rows are special, and who is told of changes. */
export type RowState = {
  /** Number of the call that is open. */
  opened: number | undefined;
  /** Number of the row that Tab goes to. */
  active: number | undefined;
  onActive: (number: number) => void;
  /** Called when the list is scrolled to its top, or away from it. */
  onTop: (isAtTop: boolean) => void;
};

/**
 * The list of calls: a grid that has only the rows that are seen, so that its size does not matter. The row that has the focus
 * stays in the page, so that the focus is never lost.
 */
export function CallTable({
  store,
  filters,
  opened,
  active,
  onActive,
  onTop,
  children,
}: {
  store: CallStore;
  filters: CallFilters;
  /** Shown behind the last row. */
  children?: ComponentChildren;
} & RowState) {
  // The rows of the store are no signals.
  store.revision.value;
  const count = store.rows.size;
  const { box, isCompact, rowHeight, window, onScroll, reveal } = useRowView(count, onTop);
  const activePlace = active === undefined ? 0 : Math.min(store.rows.placeOf(active), Math.max(0, count - 1));

  // What j and k open beside the list is seen in it.
  useEffect(() => {
    if (opened !== undefined) {
      const place = store.rows.placeOf(opened);
      if (store.rows.at(place)?.number === opened) {
        reveal(place);
      }
    }
  }, [opened]);

  const move = (event: KeyboardEvent) => {
    const by = moves[event.key];
    const place = Math.max(0, Math.min(count - 1, activePlace + (by ?? 0)));
    const row = store.rows.at(place);
    if (by === undefined || row === undefined || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    onActive(row.number);
    reveal(place);
    if (opened !== undefined) {
      goTo(hrefOf("calls", [String(row.number)], queryOf(filters)), { replace: true });
    }
    // The row is in the page once the change is rendered.
    requestAnimationFrame(() =>
      box.current
        ?.querySelector<HTMLElement>(`tr[data-number="${row.number}"]`)
        ?.focus({ preventScroll: true }),
    );
  };

  return (
    <div class={isCompact ? "calls-box compact" : "calls-box"} ref={box} onScroll={onScroll}>
      <table
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: the arrows move between rows
        role="grid"
        class="calls-table"
        aria-label="Calls, newest first"
        aria-rowcount={count + 1}
        aria-colcount={columns.length}
        onKeyDown={move}
      >
        <Header />
        <tbody style={{ height: `${count * rowHeight}px`, paddingTop: `${window.from * rowHeight}px` }}>
          {placesOf(window, activePlace, count).map((place) => {
            const row = store.rows.at(place) as CallRow;
            return (
              <Row
                key={row.number}
                row={row}
                place={place}
                top={place >= window.from && place < window.to ? undefined : place * rowHeight}
                isOpened={row.number === opened}
                isStop={place === activePlace}
                href={hrefOf("calls", [String(row.number)], queryOf(filters))}
                onFocus={() => onActive(row.number)}
              />
            );
          })}
        </tbody>
      </table>
      {children}
    </div>
  );
}

function Header() {
  return (
    <thead>
      <tr aria-rowindex={1}>
        {columns.map(({ name, label }, index) => (
          <th key={name} class={name} scope="col" aria-colindex={index + 1}>
            {label}
          </th>
        ))}
      </tr>
    </thead>
  );
}

/** Returns the places of the rows that are in the page: those that are seen, and the one that Tab goes to. */
function placesOf({ from, to }: RowWindow, activePlace: number, count: number): readonly number[] {
  const places = Array.from({ length: to - from }, (_, index) => from + index);
  const isSeen = activePlace >= from && activePlace < to;
  return count === 0 || isSeen ? places : [...places, activePlace];
}
