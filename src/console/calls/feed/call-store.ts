import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { Code } from "#deps/google/rpc/code_pb.js";
import type { CallSink, CallSource, FeedState } from "./call-feed.ts";
import { type CallList, createCallList } from "./call-list.ts";
import type { CallRow } from "./call-row.ts";

/** Most rows that the list keeps by itself. People can load older ones. */
export const maxRows = 10_000;

/** What the list shows. Rows are not signals, because there are many; `revision` changes when they did. */
export type CallStore = {
  readonly rows: Pick<CallList<CallRow>, "size" | "at" | "placeOf">;
  readonly revision: ReadonlySignal<number>;
  readonly state: ReadonlySignal<FeedState>;
  /** Calls that have arrived but are not shown, because the list is held. */
  readonly waiting: ReadonlySignal<number>;
  /** Whether the journal may have older calls than the list. */
  readonly hasOlder: ReadonlySignal<boolean>;
  /** Whether the list left out older calls because it was full. */
  readonly isFull: ReadonlySignal<boolean>;
  /** Calls that the journal has dropped, as far as is known. */
  readonly dropped: Signal<number>;
  /** Calls that were dropped before this list came to them. */
  readonly missed: ReadonlySignal<number>;
  /** Whether the emulator forgot the calls that were shown before. */
  readonly wasForgotten: Signal<boolean>;
  /** How many have arrived since the start, and how many of them with an error. */
  readonly arrived: { count: number; errors: number };
  /** The newest call that came, shown or not. */
  readonly newest: CallRow | undefined;
  readonly sink: CallSink;
  /** Whether calls that arrive wait, so that rows stay where they are. Ending it shows them. */
  hold(isHeld: boolean): void;
  /** Adds a page of older calls of the source. Rejects with the error of the source. */
  loadOlder(source: CallSource, signal: AbortSignal): Promise<void>;
  /** Forgets all rows and notes, as the journal did. */
  clear(): void;
};

/**
 * Creates an empty store. `isShown` is asked for each row that comes. `schedule` runs a function soon: once per frame, however
 * many calls arrive.
 */
export function createCallStore(init: {
  isShown: (row: CallRow) => boolean;
  schedule: (act: () => void) => void;
}): CallStore {
  const { isShown } = init;
  const rows = createCallList<CallRow>(maxRows);
  const held = createCallList<CallRow>(maxRows);
  const signals = {
    revision: signal(0),
    state: signal<FeedState>({ kind: "connecting" }),
    waiting: signal(0),
    hasOlder: signal(false),
    isFull: signal(false),
    dropped: signal(0),
    missed: signal(0),
    wasForgotten: signal(false),
  };
  const arrived = { count: 0, errors: 0 };
  let newest: CallRow | undefined;
  let isHeld = false;
  let waiting = 0;
  let missed = 0;
  let isScheduled = false;
  /** Continues behind the row with the number, if that is the oldest one. */
  let older = { token: "", before: 0 };

  function changed(): void {
    if (!isScheduled) {
      isScheduled = true;
      init.schedule(() => {
        isScheduled = false;
        signals.waiting.value = waiting;
        signals.missed.value = missed;
        signals.revision.value += 1;
      });
    }
  }

  function addNewest(row: CallRow): void {
    if (rows.add(row)) {
      leaveOut();
    }
  }

  function leaveOut(): void {
    signals.hasOlder.value = true;
    signals.isFull.value = true;
  }

  function empty(): void {
    rows.clear();
    held.clear();
    newest = undefined;
    waiting = 0;
    missed = 0;
    signals.hasOlder.value = false;
    signals.isFull.value = false;
    signals.dropped.value = 0;
    signals.wasForgotten.value = false;
    changed();
  }

  const sink: CallSink = {
    setState(state) {
      signals.state.value = state;
    },
    begin(page, isAgain) {
      empty();
      newest = page.rows[0];
      rows.addOlder(page.rows.filter(isShown));
      older = { token: page.next, before: oldestNumber() };
      signals.hasOlder.value = page.next !== "";
      signals.dropped.value = page.dropped;
      signals.wasForgotten.value = isAgain && page.dropped === 0;
    },
    add({ row, missed: count }) {
      newest = row;
      missed += count;
      if (isShown(row)) {
        arrived.count += 1;
        arrived.errors += row.code === Code.OK ? 0 : 1;
        if (isHeld) {
          held.add(row);
          waiting += 1;
        } else {
          addNewest(row);
        }
      }
      changed();
    },
  };

  function oldestNumber(): number {
    return rows.at(rows.size - 1)?.number ?? Number.POSITIVE_INFINITY;
  }

  return {
    ...signals,
    rows,
    arrived,
    get newest() {
      return newest;
    },
    sink,
    hold(next) {
      isHeld = next;
      if (!next) {
        for (let place = held.size - 1; place >= 0; place -= 1) {
          addNewest(held.at(place) as CallRow);
        }
        held.clear();
        waiting = 0;
        if (rows.limitTo(maxRows)) {
          leaveOut();
        }
        changed();
      }
    },
    async loadOlder(source, signal) {
      const before = oldestNumber();
      let found: CallRow[] = [];
      let token = older.before === before ? older.token : "";
      do {
        const page = await source.list(token, signal);
        found = page.rows.filter((row) => row.number < before && isShown(row));
        token = page.next;
        signals.dropped.value = page.dropped;
      } while (found.length === 0 && token !== "");
      // Rows may have been left out in the meantime: the next attempt begins behind those that are held then.
      if (before === oldestNumber() && !signal.aborted) {
        rows.addOlder(found);
        older = { token, before: oldestNumber() };
        signals.hasOlder.value = token !== "";
        changed();
      }
    },
    clear: empty,
  };
}
