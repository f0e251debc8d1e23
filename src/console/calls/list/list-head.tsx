import type { Signal } from "@preact/signals";
import { goTo } from "../../ui/route.ts";
import { clearJournal, type LiveCalls } from "../feed/calls-live.ts";
import { FeedStatus } from "./feed-status.tsx";

/** The head of the list: whether calls arrive, and what to do with them. */
export function ListHead({
  live,
  isPaused,
  onShowNew,
  listHref,
}: {
  live: LiveCalls;
  isPaused: Signal<boolean>;
  /** Shows the calls that wait. */
  onShowNew: () => void;
  /** The list without an opened call, which is gone once the journal is cleared. */
  listHref: string;
}) {
  const { state, waiting } = live.store;
  const clear = async () => {
    try {
      await clearJournal(live);
      goTo(listHref);
    } catch {
      // The state of the list says that the emulator does not answer.
    }
  };
  const pause = () => {
    isPaused.value = !isPaused.value;
  };
  return (
    <div class="calls-head">
      <h1>Calls</h1>
      <FeedStatus state={state.value} isPaused={isPaused.value} />
      {waiting.value > 0 && (
        <button type="button" class="primary" onClick={onShowNew}>
          {`${waiting.value.toLocaleString("en")} new`}
        </button>
      )}
      <button type="button" class="push-end" onClick={pause}>
        {isPaused.value ? "Resume" : "Pause"}
      </button>
      <button type="button" onClick={clear} title="Forgets all calls and notifications of the emulator">
        Clear
      </button>
    </div>
  );
}
