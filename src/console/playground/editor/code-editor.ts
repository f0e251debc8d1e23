import { closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import {
  bracketMatching,
  codeFolding,
  foldGutter,
  foldKeymap,
  indentOnInput,
  indentUnit,
} from "@codemirror/language";
import { lintGutter, lintKeymap } from "@codemirror/lint";
import { EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { editorTheme } from "./editor-theme.ts";

/** Returns a state of the editor with a text of JSON. */
export function createEditorState(text: string, extensions: Extension): EditorState {
  return EditorState.create({
    doc: text,
    extensions: [
      lineNumbers(),
      foldGutter(),
      codeFolding(),
      lintGutter(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      history(),
      drawSelection(),
      indentOnInput(),
      indentUnit.of("  "),
      bracketMatching(),
      closeBrackets(),
      json(),
      keymap.of([
        ...closeBracketsKeymap,
        ...completionKeymap,
        ...lintKeymap,
        ...foldKeymap,
        ...historyKeymap,
        ...defaultKeymap,
        indentWithTab,
      ]),
      EditorView.contentAttributes.of({
        "aria-label": "JSON of the push. Escape, then Tab, leaves the editor",
        // It can be focused anyway; tools that check the page do not know.
        tabindex: "0",
      }),
      editorTheme,
      typeOver,
      extensions,
    ],
  });
}

/**
 * Types over a selection. Chromium keeps the colour of a text that is typed over by an inline style, which the
 * Content-Security-Policy of the page forbids, so this is not left to it.
 */
const typeOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { main, ranges } = view.state.selection;
    const { data: text, inputType, isComposing } = event;
    if (inputType !== "insertText" || text === null || isComposing || main.empty || ranges.length > 1) {
      return false;
    }
    event.preventDefault();
    const insert = () =>
      view.state.update(view.state.replaceSelection(text), { userEvent: "input.type", scrollIntoView: true });
    const handlers = view.state.facet(EditorView.inputHandler);
    if (!handlers.some((handle) => handle(view, main.from, main.to, text, insert))) {
      view.dispatch(insert());
    }
    return true;
  },
});

/**
 * Shows a state in an element. The editor has a shadow tree, because only there CodeMirror adds its styles without a
 * `<style>` element, which the Content-Security-Policy of the page forbids.
 */
export function mountEditor(host: HTMLElement, state: EditorState): EditorView {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const view = new EditorView({ state, parent: root, root });
  // Keys that are typed here are no shortcuts of the page.
  host.onkeydown = (event) => event.stopPropagation();
  return view;
}

/** Replaces the whole text in one step, so that one undo restores the old one. */
export function replaceText(view: EditorView, text: string): void {
  view.dispatch({
    changes: { from: 0, to: view.state.doc.length, insert: text },
    selection: { anchor: 0 },
    scrollIntoView: true,
    userEvent: "input.template",
  });
}
