import { useSignal } from "@preact/signals";
import { emulatedNow } from "../../emulator/emulator-state.ts";
import { type Problem, problemOf } from "../../emulator/problem.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ProblemBox } from "../../ui/problem-box.tsx";
import { hrefOf } from "../../ui/route.ts";
import type { FeedState } from "../feed/call-feed.ts";
import type { LiveCalls } from "../feed/calls-live.ts";
import { ListEnd } from "./list-end.tsx";

/** What to do while there are no calls. */
export function NoCalls({
  state,
  isFiltered,
  live,
}: {
  state: FeedState;
  isFiltered: boolean;
  live: LiveCalls;
}) {
  const problem = useSignal<Problem | undefined>(undefined);
  const isPushing = useSignal(false);
  if (state.kind === "connecting") {
    return <p aria-busy="true">Loading…</p>;
  }
  if (state.kind === "stopped" || state.kind === "invalid") {
    const title = state.kind === "stopped" ? "The emulator does not answer" : "The filter is invalid";
    return <ProblemBox title={title} problem={state.problem} />;
  }
  if (isFiltered) {
    return (
      <>
        <EmptyState title="No call matches">
          Calls that match appear here when they arrive. <a href={hrefOf("calls")}>Show all calls</a>
        </EmptyState>
        <ListEnd live={live} />
      </>
    );
  }
  const push = async (isValid: boolean) => {
    isPushing.value = true;
    problem.value = undefined;
    try {
      const { pushExample } = await import("./push-example.ts");
      await pushExample(isValid, emulatedNow());
    } catch (cause) {
      problem.value = problemOf(cause);
    }
    isPushing.value = false;
  };
  return (
    <div class="no-calls">
      <EmptyState title="No calls yet" command={firstPush(location.origin, emulatedNow())}>
        Pushes and reads appear here as they arrive, over REST, Connect, gRPC and gRPC-Web, also those that
        are rejected. Paste this into a terminal, or push an example from here.
      </EmptyState>
      <div class="row">
        <button type="button" class="primary" disabled={isPushing.value} onClick={() => push(true)}>
          Push an example
        </button>
        <button type="button" disabled={isPushing.value} onClick={() => push(false)}>
          Push one with mistakes
        </button>
      </div>
      <ProblemBox title="The example was not pushed" problem={problem.value} />
    </div>
  );
}

/** Returns a command for a shell that pushes a status, with a token for an hour. */
function firstPush(origin: string, now: number): string {
  const at = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
  const status = {
    languageCode: "en-US",
    updateTime: at(now),
    expireTime: at(now + 86_400_000),
    plans: [{ planId: "acme-199", planName: "ACME Plan 199" }],
  };
  return [
    `TOKEN=$(curl -sS ${origin}/emulator/v1/tokens -H 'Content-Type: application/json' -d '{"operators": ["operators/65001"]}' | sed 's/.*"accessToken": *"\\([^"]*\\)".*/\\1/')`,
    `curl -sS ${origin}/v1/operators/65001/clients/mobiledataplan/users/%2B14155550100/planStatus -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '${JSON.stringify(status)}'`,
  ].join("\n");
}
