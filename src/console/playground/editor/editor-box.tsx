import type { DescMessage } from "@bufbuild/protobuf";
import { autocompletion } from "@codemirror/autocomplete";
import { undo } from "@codemirror/commands";
import { type Diagnostic, setDiagnostics } from "@codemirror/lint";
import { type EditorState, Prec } from "@codemirror/state";
import { EditorView, hoverTooltip, keymap } from "@codemirror/view";
import { effect, type ReadonlySignal } from "@preact/signals";
import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { emulatedNow } from "../../emulator/emulated-clock.ts";
import { FieldCard } from "../field-card.tsx";
import type { PlacedViolation, TextRange } from "../place-violations.ts";
import { contract } from "../playground-state.ts";
import { type ContractPlace, contractPlaceAt } from "../text/contract-place.ts";
import { createEditorState, mountEditor, replaceText } from "./code-editor.ts";
import { createCompletionSource } from "./contract-completion.ts";

/** Acts on the editor from outside. */
export type EditorHandle = {
  /** Selects a place and gives it the focus. */
  open(place: TextRange): void;
  /** Takes back the last change. */
  undo(): void;
  /** Returns the number of the line that has an offset. */
  lineOf(offset: number): number;
};

export type EditorBoxProps = {
  /** The text. Another text replaces that of the editor in one step, which can be undone. */
  readonly text: ReadonlySignal<string>;
  /** The message that the text is. */
  readonly root: DescMessage;
  readonly violations: readonly PlacedViolation[];
  readonly onChange: (text: string) => void;
  /** What the contract says about the place of the cursor. */
  readonly onPlace: (place: ContractPlace | undefined) => void;
  readonly onPush: () => void;
  readonly onReady: (handle: EditorHandle) => void;
};

/** The editor as it was when the page was left: its history too. */
let kept: EditorState | undefined;

/** The properties of the box that is shown. The extensions of a kept state read them, whichever box made it. */
let live: EditorBoxProps | undefined;

/** An editor of JSON that knows the contract. */
export function EditorBox(props: EditorBoxProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  live = props;

  useEffect(() => {
    const state = kept ?? createEditorState(props.text.peek(), extensions);
    const created = mountEditor(host.current as HTMLElement, state);
    view.current = created;
    props.onReady(handleOf(created));
    notePlace(created);
    // Not by rendering, which is later: what was typed meanwhile would be replaced by what was typed before it.
    const stopFollowing = effect(() => {
      if (created.state.doc.toString() !== props.text.value) {
        replaceText(created, props.text.value);
      }
    });
    return () => {
      stopFollowing();
      kept = created.state;
      created.destroy();
    };
  }, []);

  useEffect(() => {
    if (view.current) {
      showViolations(view.current, props.violations);
    }
  }, [props.violations]);

  return <div class="editor" ref={host} />;
}

function handleOf(view: EditorView): EditorHandle {
  return {
    open({ from, to }) {
      const { length } = view.state.doc;
      const [anchor, head] = [Math.min(from, length), Math.min(to, length)];
      view.dispatch({
        selection: { anchor, head },
        effects: EditorView.scrollIntoView(anchor, { y: "center" }),
      });
      view.focus();
    },
    undo: () => void undo(view),
    lineOf: (offset) => view.state.doc.lineAt(Math.min(offset, view.state.doc.length)).number,
  };
}

function showViolations(view: EditorView, violations: readonly PlacedViolation[]): void {
  const { length } = view.state.doc;
  const diagnostics = violations.flatMap(({ place, description }): Diagnostic[] =>
    place === undefined || place.to > length ? [] : [{ ...place, severity: "error", message: description }],
  );
  view.dispatch(setDiagnostics(view.state, diagnostics));
}

function notePlace({ state }: EditorView): void {
  live?.onPlace(contractPlaceAt(state.doc.toString(), state.selection.main.head, live.root));
}

const watchChanges = EditorView.updateListener.of((update) => {
  if (update.docChanged) {
    live?.onChange(update.state.doc.toString());
  }
  if (update.docChanged || update.selectionSet) {
    notePlace(update.view);
  }
});

const hover = hoverTooltip(({ state }, offset, side) => {
  const place = live && contractPlaceAt(state.doc.toString(), side > 0 ? offset + 1 : offset, live.root);
  if (!place) {
    return null;
  }
  const create = () => {
    const dom = document.createElement("div");
    const { field, valueName } = place;
    render(<FieldCard field={field} valueName={valueName} contract={contract.peek()} />, dom);
    return { dom, destroy: () => render(null, dom) };
  };
  return { pos: place.from, end: place.to, above: true, create };
});

function push(): boolean {
  live?.onPush();
  return true;
}

const extensions = [
  watchChanges,
  hover,
  Prec.highest(
    keymap.of([
      { key: "Mod-Enter", run: push },
      { key: "Ctrl-Enter", run: push },
    ]),
  ),
  autocompletion({
    icons: false,
    interactionDelay: 0,
    override: [
      createCompletionSource({
        root: () => (live as EditorBoxProps).root,
        now: () => new Date(emulatedNow()),
        summaryOf: (fullName) => contract.peek()?.find(fullName)?.summary ?? "",
      }),
    ],
  }),
];
