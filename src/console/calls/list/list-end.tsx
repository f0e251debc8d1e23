import { useSignal } from "@preact/signals";
import { type Problem, problemOf } from "../../emulator/problem.ts";
import { ProblemBox } from "../../ui/problem-box.tsx";
import { maxRows } from "../feed/call-store.ts";
import type { LiveCalls } from "../feed/calls-live.ts";

/** The end of the list: where older calls are. */
export function ListEnd({ live: { store, source } }: { live: LiveCalls }) {
  const isLoading = useSignal(false);
  const problem = useSignal<Problem | undefined>(undefined);
  if (!store.hasOlder.value) {
    return null;
  }
  const load = async () => {
    isLoading.value = true;
    problem.value = undefined;
    try {
      await store.loadOlder(source, new AbortController().signal);
    } catch (cause) {
      problem.value = problemOf(cause);
    }
    isLoading.value = false;
  };
  return (
    <div class="list-end">
      <p class="muted">
        {store.isFull.value
          ? `The list keeps the newest ${maxRows.toLocaleString("en")} calls by itself.`
          : "There are older calls."}
      </p>
      <button type="button" disabled={isLoading.value} onClick={load}>
        {isLoading.value ? "Loading…" : "Load older calls"}
      </button>
      <ProblemBox title="Older calls were not loaded" problem={problem.value} />
    </div>
  );
}
