import type { Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { isTyping } from "../ui/is-typing.ts";
import { goTo, hrefOf } from "../ui/route.ts";
import { type CallFilters, queryOf } from "./feed/call-filters.ts";
import type { CallStore } from "./feed/call-store.ts";

/** How far the keys go in the list that work wherever the focus is. The arrows also scroll what has the focus. */
const steps: Readonly<Record<string, number>> = { j: 1, k: -1 };
const arrows: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };

type CallKeys = {
  readonly store: CallStore;
  readonly filters: CallFilters;
  readonly opened: number | undefined;
  readonly active: Signal<number | undefined>;
  readonly closeHref: string;
};

/** Goes so many rows down: opens that call if one is open, else gives the row the focus. */
export function step({ store, filters, opened, active }: CallKeys, by: number): void {
  const from = opened ?? active.value;
  const place = from === undefined ? 0 : store.rows.placeOf(from) + by;
  const row = store.rows.at(Math.max(0, Math.min(place, store.rows.size - 1)));
  if (row === undefined) {
    return;
  }
  active.value = row.number;
  if (opened === undefined) {
    focusRow(row.number);
  } else {
    goTo(hrefOf("calls", [String(row.number)], queryOf(filters)), { replace: true });
  }
}

/** Keys of the page: j and k to the next call, Esc closes the one that is open. The list handles its own keys first. */
export function useCallKeys(keys: CallKeys): void {
  const { store, opened, closeHref } = keys;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isBusy(event.target)) {
        return;
      }
      if (event.key === "Escape" && opened !== undefined) {
        goTo(closeHref);
        focusRow(opened);
      } else {
        const by = steps[event.key] ?? (event.target === document.body ? arrows[event.key] : undefined);
        if (by === undefined) {
          return;
        }
        step(keys, by);
      }
      event.preventDefault();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [store, opened, closeHref]);
}

/** Whether keys are for something else: a field, or a dialog. */
function isBusy(target: EventTarget | null): boolean {
  return document.querySelector("dialog[open]") !== null || isTyping(target);
}

/** Gives the focus to a row, once the change before it is in the page. */
function focusRow(number: number): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>(`tr[data-number="${number}"]`)?.focus());
}
