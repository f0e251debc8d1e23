import { useComputed } from "@preact/signals";
import { hasFilters } from "../feed/call-filters.ts";
import type { LiveCalls } from "../feed/calls-live.ts";
import { CallTable, type RowState } from "./call-table.tsx";
import { ListEnd } from "./list-end.tsx";
import { NoCalls } from "./no-calls.tsx";

/** The rows, or what to do while there are none. Make another one for other filters. */
export function CallListBody({ live, ...rowState }: { live: LiveCalls } & RowState) {
  const { store, filters } = live;
  // It changes rarely, and the revision with every frame.
  const isEmpty = useComputed(() => store.revision.value >= 0 && store.rows.size === 0);
  if (isEmpty.value) {
    return <NoCalls state={store.state.value} isFiltered={hasFilters(filters)} live={live} />;
  }
  return (
    <CallTable store={store} filters={filters} {...rowState}>
      <ListEnd live={live} />
    </CallTable>
  );
}
