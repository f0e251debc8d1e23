import type { Block, ContractEntry, Inline } from "../../contract/document.ts";
import { plainText } from "../../contract/plain-text.ts";

/** Returns what is written about an entry in words: its comment, its rules and the advice. */
export function textsOf(entry: ContractEntry): string[] {
  const rules = entry.kind === "field" || entry.kind === "message" ? entry.rules : [];
  const advice = entry.kind === "value" && entry.reason ? [plainText(entry.reason.advice)] : [];
  return [...entry.comment.flatMap(textOfBlock), ...rules.map(plainText), ...advice];
}

function textOfBlock(block: Block): string[] {
  switch (block.kind) {
    case "paragraph":
      return [plainText(block.text)];
    case "list":
      return block.items.map((item: readonly Inline[]) => plainText(item));
    case "example":
      return [];
  }
}
