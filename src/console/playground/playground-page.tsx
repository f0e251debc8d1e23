import { computed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { PlanGroupSchema, PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { emulatedSecond } from "../emulator/emulated-clock.ts";
import { clock, connection } from "../emulator/emulator-state.ts";
import { type Draft, draft, saveDraft, savedDraft } from "../ui/draft.ts";
import { EditorBox, type EditorHandle } from "./editor/editor-box.tsx";
import { FieldCard } from "./field-card.tsx";
import { OutcomePanel } from "./outcome-panel.tsx";
import type { PlacedViolation } from "./place-violations.ts";
import {
  changeDraft,
  checkNow,
  contract,
  firstDraft,
  isUncheckable,
  loadComments,
  notice,
  violations,
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
  return (
    <div class="playground">
      <div class="stack">
        <TargetForm push={push} />
        <div class="row">
          <TemplateMenu onChoose={chooseTemplate} />
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
          <small class="muted push">Ctrl+Space completes · Ctrl+Enter pushes · Esc, then Tab leaves</small>
        </div>
        <EditorBox
          text={text}
          root={push.method === "CreatePlanGroup" ? PlanGroupSchema : PlanStatusSchema}
          violations={violations.value ?? none}
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
          violations={violations.value}
          isUncheckable={isUncheckable.value}
          lineOf={(offset) => editor.current?.lineOf(offset) ?? 1}
          onOpen={(violation) => openPlace(violation, editor.current)}
        />
      </div>
      <div class="stack">
        <OutcomePanel />
        <PushPanel />
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

const text = computed(() => draft.value?.text ?? "");

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
        checkNow();
      }, restMs);
    }
  });
  useEffect(() => () => clearTimeout(timer.current), []);
}

/** Goes to the place of a violation: in the text, or to the field of the form. */
function openPlace({ place }: PlacedViolation, editor: EditorHandle | undefined): void {
  if (place !== undefined) {
    editor?.open(place);
  } else {
    document.querySelector<HTMLElement>(".target [aria-invalid]")?.focus();
  }
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
