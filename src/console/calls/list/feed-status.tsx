import type { FeedState } from "../feed/call-feed.ts";

/** Whether calls arrive, and what prevents it. */
export function FeedStatus({ state, isPaused }: { state: FeedState; isPaused: boolean }) {
  const [tone, text] = statusOf(state, isPaused);
  return (
    <span
      class="feed"
      data-tone={tone}
      role="status"
      title={"problem" in state ? state.problem.message : undefined}
    >
      {text}
    </span>
  );
}

function statusOf(state: FeedState, isPaused: boolean): readonly [tone: string, text: string] {
  switch (state.kind) {
    case "stopped":
      return ["bad", "Not connected: trying again"];
    case "reconnecting":
      return ["warn", "Reconnecting"];
    case "invalid":
      return ["bad", "Invalid filter"];
    case "connecting":
      return isPaused ? ["neutral", "Paused"] : ["neutral", "Connecting"];
    default:
      return isPaused ? ["neutral", "Paused"] : ["good", "Live"];
  }
}
