import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { PlanGroupSchema, PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { emulatedNow, emulatedSecond } from "../emulator/emulated-clock.ts";
import { clock, connection } from "../emulator/emulator-state.ts";
import { type Draft, draft, saveDraft, savedDraft } from "../ui/draft.ts";
import { checkDraft } from "./check-draft.ts";
import { EditorBox, type EditorHandle } from "./editor/editor-box.tsx";
import { FieldCard } from "./field-card.tsx";
import { OutcomePanel } from "./outcome-panel.tsx";
import type { PlacedViolation } from "./place-violations.ts";
import {
  changeDraft,
  check,
  contract,
  firstDraft,
  loadComments,
  notice,
  withTemplate,
} from "./playground-state.ts";
import { PushPanel, startPush } from "./push-panel.tsx";
import { TargetForm } from "./target-form.tsx";
import { TemplateMenu } from "./template-menu.tsx";
import type { ContractPlace } from "./text/contract-place.ts";
import { ViolationList } from "./violation-list.tsx";

/** The page where a push is written, checked and sent. */
export function PlaygroundPage() {
  useEffect(loadComments, []);
  // Templates are at the emulated time, so the first one waits for it.
  useSignalEffect(() => {
    if (draft.value === undefined && (clock.value !== undefined || connection.value !== undefined)) {
      saveDraft(savedDraft() ?? firstDraft());
    }
  });
  const push = draft.value;
  return (
    <>
      <h1>Playground</h1>
      {push === undefined ? <p aria-busy="true">Loading…</p> : <Playground push={push} />}
    </>
  );
}

function Playground({ push }: { push: Draft }) {
  const editor = useRef<EditorHandle>(undefined);
  const place = useSignal<ContractPlace | undefined>(undefined);
  useChecks();
  const violations = check.value?.violations;
  return (
    <div class="playground">
      <div class="playground-draft stack">
        <TargetForm push={push} />
        <div class="row">
          <TemplateMenu onChoose={chooseTemplate} />
          <small id="editor-keys" class="muted">
            Ctrl+Space completes. Esc, then Tab leaves the editor. Ctrl+Enter pushes.
          </small>
        </div>
        <div class="row" role="status">
          {notice.value !== undefined && (
            <>
              <span>{notice.value}</span>
              <button type="button" onClick={() => takeBack(editor.current)}>
                Undo
              </button>
            </>
          )}
        </div>
        <EditorBox
          text={push.text}
          root={push.method === "CreatePlanGroup" ? PlanGroupSchema : PlanStatusSchema}
          violations={violations ?? none}
          onChange={changeText}
          onPlace={(found) => {
            place.value = found;
          }}
          onPush={() => void startPush()}
          onReady={(handle) => {
            editor.current = handle;
          }}
        />
        <ViolationList
          violations={violations}
          lineOf={(offset) => editor.current?.lineOf(offset) ?? 1}
          onOpen={(violation) => violation.place && editor.current?.open(violation.place)}
        />
      </div>
      <div class="playground-outcome stack">
        <PushPanel />
        <OutcomePanel />
        {place.value && (
          <section class="card" aria-label="At the cursor">
            <FieldCard
              field={place.value.field}
              valueName={place.value.valueName}
              contract={contract.value}
            />
          </section>
        )}
      </div>
    </div>
  );
}

const none: readonly PlacedViolation[] = [];

/** How long the text must rest before it is checked and kept, in ms. */
const restMs = 150;

/** Checks the draft when it has changed, and when the emulated time has. */
function useChecks(): void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useSignalEffect(() => {
    const push = draft.value;
    // Times become invalid as the clock goes on, but not within the second.
    void Math.floor(emulatedSecond.value / 10_000);
    clearTimeout(timer.current);
    if (push !== undefined) {
      timer.current = setTimeout(() => {
        saveDraft(push);
        check.value = checkDraft(push, emulatedNow());
      }, restMs);
    }
  });
  useEffect(() => () => clearTimeout(timer.current), []);
}

function changeText(text: string): void {
  if (draft.value !== undefined && draft.value.text !== text) {
    draft.value = { ...draft.value, text };
    notice.value = undefined;
  }
}

function chooseTemplate(name: string): void {
  if (draft.value !== undefined) {
    changeDraft(withTemplate(name, draft.value));
    notice.value = `The text is now the template ${name}.`;
  }
}

function takeBack(editor: EditorHandle | undefined): void {
  editor?.undo();
  notice.value = undefined;
}
