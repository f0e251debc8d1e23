import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { CallStore } from "../feed/call-store.ts";

/** Least time between two announcements, in milliseconds. */
const quietMs = 5_000;

/** Tells screen readers how many calls have arrived, from time to time and not for each. */
export function Announcer({ store }: { store: CallStore }) {
  const text = useSignal("");
  useEffect(() => {
    let told = { ...store.arrived };
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isFirst = true;
    const end = store.revision.subscribe(() => {
      if (!isFirst && timer === undefined && store.arrived.count > told.count) {
        timer = setTimeout(() => {
          timer = undefined;
          text.value = arrivedText(store.arrived.count - told.count, store.arrived.errors - told.errors);
          told = { ...store.arrived };
        }, quietMs);
      }
      isFirst = false;
    });
    return () => {
      end();
      clearTimeout(timer);
    };
  }, [store]);
  return (
    <p class="visually-hidden" aria-live="polite">
      {text}
    </p>
  );
}

/** Returns what is announced: `3 new calls, 1 with an error`. */
function arrivedText(count: number, errors: number): string {
  const calls = `${count} new ${count === 1 ? "call" : "calls"}`;
  return errors === 0 ? calls : `${calls}, ${errors} with ${errors === 1 ? "an error" : "errors"}`;
}
