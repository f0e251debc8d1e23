import type { ContractEntry } from "../../contract/document.ts";
import { textsOf } from "./entry-text.ts";

/** A piece of a text, and whether a word of the query occurs there. */
export type Piece = { readonly text: string; readonly isMatch: boolean };

/** Returns the sentence that says why a search has found an entry: the first one that has a word of the query. */
export function excerptOf(entry: ContractEntry, query: string): string {
  const pattern = patternOf(query);
  const sentences = textsOf(entry).flatMap((text) => text.split(/(?<=[.:])\s+(?=\p{Lu})/u));
  const found = pattern && sentences.find((sentence) => sentence.search(pattern) !== -1);
  return found || entry.summary;
}

/** Splits a text so that the words of the query can be marked. */
export function piecesOf(text: string, query: string): readonly Piece[] {
  const pattern = patternOf(query);
  if (pattern === undefined) {
    return [{ text, isMatch: false }];
  }
  return text
    .split(pattern)
    .map((part, index) => ({ text: part, isMatch: index % 2 === 1 }))
    .filter((piece) => piece.text !== "");
}

function patternOf(query: string): RegExp | undefined {
  const terms = query.trim().split(/\s+/).filter(Boolean);
  // Longer ones first, so that `plans` is not marked as `plan` and a rest.
  const escaped = terms
    .toSorted((a, b) => b.length - a.length)
    .map((term) => term.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`));
  return terms.length === 0 ? undefined : new RegExp(`(${escaped.join("|")})`, "iu");
}
