import type { DescMessage } from "@bufbuild/protobuf";
import {
  type Completion,
  type CompletionContext,
  type CompletionResult,
  snippet,
  startCompletion,
} from "@codemirror/autocomplete";
import type { EditorView } from "@codemirror/view";
import { type Suggestion, suggestionsAt } from "../text/completion.ts";

/** What completion needs to know of the page. */
export type CompletionOptions = {
  /** The message that is edited. */
  root(): DescMessage;
  /** The emulated time. */
  now(): Date;
  /** Returns the first sentence of the comment of what has this full name in the contract. */
  summaryOf(fullName: string): string;
};

/** Creates the source of completions for CodeMirror. */
export function createCompletionSource(options: CompletionOptions) {
  return ({ state, pos, explicit }: CompletionContext): CompletionResult | null => {
    const found = suggestionsAt(state.doc.toString(), pos, { root: options.root(), now: options.now() });
    if (found === undefined || (!explicit && found.from === found.to)) {
      return null;
    }
    const { from, to, commaBefore } = found;
    const toCompletion = (suggestion: Suggestion): Completion => ({
      label: suggestion.label,
      detail: suggestion.detail,
      info: () => infoNode(options.summaryOf(suggestion.fullName)),
      apply: (view) => insert(view, suggestion, { from, to, commaBefore }),
    });
    return { from, to, filter: false, options: found.options.map(toCompletion) };
  };
}

function infoNode(summary: string): Node | null {
  return summary === "" ? null : document.createTextNode(summary);
}

type Target = { readonly from: number; readonly to: number; readonly commaBefore: number | undefined };

function insert(view: EditorView, suggestion: Suggestion, { from, to, commaBefore }: Target): void {
  const hasComma = commaBefore !== undefined;
  if (hasComma) {
    view.dispatch({ changes: { from: commaBefore, insert: "," } });
  }
  const shift = hasComma ? 1 : 0;
  snippet(suggestion.insert)(view, { label: suggestion.label }, from + shift, to + shift);
  // What is to be filled in first may have values to choose from.
  if (/\$\{1:\}/.test(suggestion.insert)) {
    startCompletion(view);
  }
}
