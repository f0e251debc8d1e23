import { escapeInvisible } from "../../../src/contract/field-violation.ts";

/** A part of a comment: text in CommonMark, or lines of code. */
export type Block = { readonly kind: "text" | "code"; readonly text: string };

/** Splits a description into paragraphs and examples, which comments indent by four spaces. */
export function blocksOf(description: string): Block[] {
  const blocks: Block[] = [];
  for (const paragraph of description.split("\n\n")) {
    const isCode = paragraph.split("\n").every((line) => line.startsWith("    "));
    const text = isCode ? paragraph.replaceAll(/^ {4}/gm, "") : paragraph;
    const last = blocks.at(-1);
    if (isCode && last?.kind === "code") {
      blocks[blocks.length - 1] = { kind: "code", text: `${last.text}\n\n${text}` };
    } else {
      blocks.push({ kind: isCode ? "code" : "text", text });
    }
  }
  return blocks;
}

/** Returns code as a fenced block. */
export function fenced(text: string, language: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

/** Returns text as a code span. Patterns may contain characters that nobody sees, which are escaped. */
export function code(text: string): string {
  const visible = escapeInvisible(text);
  const fence = visible.includes("`") ? "``" : "`";
  const space = fence === "``" ? " " : "";
  return fence + space + visible + space + fence;
}

/** Changes the text of a comment outside of code spans, and the code spans. */
export function mapProse(
  text: string,
  change: { text(part: string): string; code(part: string): string },
): string {
  return text
    .split(/(`[^`]+`)/)
    .map((part, index) => (index % 2 === 1 ? change.code(part) : change.text(part)))
    .join("");
}

/** Escapes what HTML, or a site generator that reads Markdown, would take for markup. */
export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("{", "&#123;");
}

/** Returns a table. Cells are Markdown, which may have several paragraphs. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function cell(markdown: string): string {
  return markdown.replaceAll("|", "\\|").replaceAll(/\n\n/g, "<br><br>").replaceAll("\n", "<br>");
}

/** Returns the anchor that GitHub gives to a heading. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}
