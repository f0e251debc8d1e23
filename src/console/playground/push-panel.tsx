import { signal } from "@preact/signals";
import { useCallback, useState } from "preact/hooks";
import { type Problem, problemOf } from "../emulator/problem.ts";
import { SnippetPanel } from "../snippets/snippet-panel.tsx";
import { type Draft, draft } from "../ui/draft.ts";
import { ProblemBox } from "../ui/problem-box.tsx";
import { AnswerPanel } from "./answer-panel.tsx";
import { answer, protocol } from "./playground-state.ts";
import { callOfDraft } from "./push/call-of-draft.ts";
import { type PushProtocol, pushProtocols } from "./push/push-body.ts";
import { sendPush } from "./push/send-push.ts";

const protocols = Object.entries(pushProtocols) as [PushProtocol, string][];

const isPushing = signal(false);

/** Why a push could not be sent. */
const failure = signal<Problem | undefined>(undefined);

/** Sends the draft, and shows the answer of the emulator. */
export async function startPush(): Promise<void> {
  if (draft.value === undefined || isPushing.value) {
    return;
  }
  isPushing.value = true;
  try {
    answer.value = await sendPush(draft.value, protocol.value);
    failure.value = undefined;
  } catch (cause) {
    answer.value = undefined;
    failure.value = problemOf(cause);
  } finally {
    isPushing.value = false;
  }
}

/** Sends the draft: over which protocol, and what the emulator has answered. */
export function PushPanel() {
  return (
    <section class="card stack" aria-labelledby="push-title">
      <h2 id="push-title">Push</h2>
      <div class="row">
        <fieldset class="row protocols">
          <legend class="visually-hidden">Protocol</legend>
          {protocols.map(([id, label]) => (
            <label key={id}>
              <input
                type="radio"
                name="protocol"
                checked={protocol.value === id}
                onChange={() => {
                  protocol.value = id;
                }}
              />{" "}
              {label}
            </label>
          ))}
        </fieldset>
        <button
          type="button"
          class="primary push"
          disabled={isPushing.value}
          onClick={() => void startPush()}
        >
          Push
        </button>
      </div>
      <p class="muted">
        The text is sent as it is, also if it is invalid, with a token for the operator that the emulator
        creates.
      </p>
      <ProblemBox problem={failure.value} title="The push was not sent" />
      <div role="status" aria-busy={isPushing.value}>
        {answer.value && <AnswerPanel answer={answer.value} />}
      </div>
      {draft.value && <PushSnippets push={draft.value} over={protocol.value} />}
    </section>
  );
}

/** The draft in the languages with which it can be pushed. */
function PushSnippets({ push, over }: { push: Draft; over: PushProtocol }) {
  const [isOpen, setOpen] = useState(false);
  const callWith = useCallback(() => callOfDraft(push, over, location.origin), [push, over]);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>As curl, grpcurl, TypeScript and Python</summary>
      {isOpen && <SnippetPanel callWith={callWith} />}
    </details>
  );
}
