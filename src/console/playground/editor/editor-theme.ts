import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

/** The looks of the editor. All colours are those of the page, so it follows the setting of the system. */
const theme = EditorView.theme({
  "&": { fontSize: "13px", color: "var(--text)", backgroundColor: "var(--ground)", height: "100%" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-1px" },
  ".cm-scroller": { fontFamily: "var(--font-code)", lineHeight: "1.5", overflow: "auto" },
  ".cm-content": { caretColor: "var(--text)", padding: "6px 0" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": {
    backgroundColor: "var(--ground-raised)",
    color: "var(--text-muted)",
    borderRight: "1px solid var(--line)",
  },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--ground-hover) 45%, transparent)" },
  ".cm-activeLineGutter": { backgroundColor: "var(--ground-hover)", color: "var(--text)" },
  "&.cm-focused .cm-matchingBracket": {
    backgroundColor: "var(--accent-ground)",
    outline: "1px solid var(--accent)",
  },
  ".cm-tooltip": {
    backgroundColor: "var(--ground)",
    color: "var(--text)",
    border: "1px solid var(--line-strong)",
    borderRadius: "var(--radius)",
    boxShadow: "0 4px 16px rgb(0 0 0 / 0.2)",
    maxWidth: "min(460px, calc(100vw - 32px))",
    fontFamily: "var(--font)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--font-code)", maxHeight: "15em" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "2px 8px", lineHeight: "1.6" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "var(--accent)",
    color: "var(--on-accent)",
  },
  ".cm-completionDetail": { fontStyle: "normal", color: "var(--text-muted)", marginLeft: "1em" },
  "li[aria-selected] .cm-completionDetail": { color: "inherit" },
  ".cm-tooltip.cm-completionInfo": { padding: "6px 10px", fontSize: "13px" },
  ".cm-diagnostic": { padding: "4px 10px", borderLeftWidth: "4px" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--bad)",
    textDecorationSkipInk: "none",
    textUnderlineOffset: "3px",
    backgroundColor: "color-mix(in srgb, var(--bad-ground) 60%, transparent)",
  },
  ".cm-lintPoint-error::after": { borderBottomColor: "var(--bad)" },
  ".cm-gutter-lint": { width: "18px" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "2px" },
  ".cm-lint-marker-error": {
    content: "none",
    borderRadius: "50%",
    backgroundColor: "var(--bad)",
    width: "10px",
    height: "10px",
    margin: "4px 2px",
  },
  ".cm-snippetField": { backgroundColor: "var(--accent-ground)" },
  ".cm-card p, .cm-card ul": { margin: "0 0 6px" },
  ".cm-card p:last-child": { margin: "0" },
  ".cm-card ul": { paddingLeft: "18px" },
  ".cm-card a": { color: "var(--accent)" },
  ".cm-card .muted": { color: "var(--text-muted)" },
  ".cm-card code, .cm-card pre": { fontFamily: "var(--font-code)", fontSize: "12px" },
  ".cm-card": { padding: "8px 12px", fontSize: "13px", lineHeight: "1.5" },
});

const highlighting = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--accent)" },
  { tag: tags.string, color: "var(--good)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--warn)" },
]);

/** The looks of the editor and of its JSON. */
export const editorTheme = [theme, syntaxHighlighting(highlighting)];
