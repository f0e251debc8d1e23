import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { hrefOf, route } from "../ui/route.ts";
import { CallDetail } from "./detail/call-detail.tsx";
import { filtersOf, queryOf } from "./feed/call-filters.ts";
import { followCalls, liveCalls } from "./feed/calls-live.ts";
import { Announcer } from "./list/announcer.tsx";
import { CallListBody } from "./list/call-list-body.tsx";
import { CallsToolbar } from "./list/calls-toolbar.tsx";
import { ListHead } from "./list/list-head.tsx";
import { ListNotes } from "./list/list-notes.tsx";
import { step, useCallKeys } from "./use-call-keys.ts";
import { useMedia } from "./use-media.ts";

/** Narrower windows show an opened call over the list. */
const narrow = "(max-width: 1000px)";

/** The page of calls: a live list, and one of them opened. */
export function CallsPage() {
  const { segments, query } = route.value;
  const filters = filtersOf(query);
  const live = liveCalls(filters);
  const { store } = live;
  const opened = /^\d{1,15}$/.test(segments[0] ?? "") ? Number(segments[0]) : undefined;
  const isPaused = useSignal(false);
  const isAtTop = useSignal(true);
  const active = useSignal<number | undefined>(opened);
  const isNarrow = useMedia(narrow);
  const closeHref = hrefOf("calls", [], queryOf(filters));

  useEffect(() => followCalls(live), [live]);
  const isHeld = isPaused.value || !isAtTop.value;
  useEffect(() => store.hold(isHeld), [store, isHeld]);
  const keys = { store, filters, opened, active, closeHref };
  useCallKeys(keys);

  const showNew = () => {
    isPaused.value = false;
    document.querySelector(".calls-box")?.scrollTo({ top: 0 });
    isAtTop.value = true;
  };
  const state = store.state.value;
  return (
    <div class={opened === undefined ? "calls" : "calls with-detail"}>
      <div class="calls-list" hidden={isNarrow && opened !== undefined}>
        <ListHead live={live} isPaused={isPaused} onShowNew={showNew} listHref={closeHref} />
        <CallsToolbar filters={filters} problem={state.kind === "invalid" ? state.problem : undefined} />
        <ListNotes store={store} />
        {/* Other filters are another list, which begins at its top. */}
        <CallListBody
          key={closeHref}
          live={live}
          opened={opened}
          active={active.value}
          onActive={(number) => {
            active.value = number;
          }}
          onTop={(top) => {
            isAtTop.value = top;
          }}
        />
        <Announcer store={store} />
      </div>
      {opened !== undefined && (
        <CallDetail
          number={opened}
          closeHref={closeHref}
          takesFocus={isNarrow}
          onStep={(by) => step(keys, by)}
        />
      )}
    </div>
  );
}
