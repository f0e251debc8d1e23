import { isCode, type Token, tokensOf } from "./tokens.ts";

/** What is removed from a .proto file. */
export type Removal = {
  /** Whether the option or the message with this full name is removed. The name has no leading dot. */
  isRemovedName(name: string): boolean;
  /** Whether the import of this file is removed. */
  isRemovedImport(file: string): boolean;
};

/** A range of characters. */
type Range = { readonly start: number; readonly end: number };

/**
 * Removes from a .proto file the options with some names, extensions of the messages with these names, and some imports.
 * The comments of what is removed go with it, by the rules of protoc: those directly above it, and those behind it on its
 * line. The layout needs a formatter afterwards.
 */
export function removeOptions(text: string, removal: Removal): string {
  const ranges = findRanges(tokensOf(text), removal);
  let rest = "";
  let from = 0;
  for (const { start, end } of ranges) {
    rest += text.slice(from, start);
    from = end;
  }
  return rest + text.slice(from);
}

/** Returns what is removed, in the order of the file. */
function findRanges(tokens: readonly Token[], removal: Removal): Range[] {
  const code = tokens.filter(isCode);
  const ranges: Range[] = [];
  let at = 0;
  while (at < code.length) {
    const end = endOfStatement(code, at);
    if (isRemovedStatement(code, at, end, removal)) {
      ranges.push(withComments(tokens, code[at] as Token, code[end] as Token));
    } else if (code[at]?.text === "extend" && removal.isRemovedName(nameAt(code, at + 1))) {
      const close = closing(code, end);
      ranges.push(withComments(tokens, code[at] as Token, code[close] as Token));
      at = close + 1;
      continue;
    } else if (code[at]?.text !== "option") {
      ranges.push(...listsIn(code, at, end).flatMap((open) => entriesToRemove(tokens, code, open, removal)));
    }
    at = end + 1;
  }
  return ranges;
}

/** Returns the index of the `;`, `{` or `}` that ends the statement at `at`. Options may contain all of these. */
function endOfStatement(code: readonly Token[], at: number): number {
  const isOption = code[at]?.text === "option";
  for (let index = at; index < code.length; index++) {
    const { text } = code[index] as Token;
    if (text === ";" || text === "}" || (text === "{" && !isOption)) {
      return index;
    }
    if (pairs[text] !== undefined) {
      index = closing(code, index);
    }
  }
  return code.length - 1;
}

const pairs: Readonly<Record<string, string>> = { "{": "}", "[": "]", "(": ")", "<": ">" };

/** Returns the index of the bracket that closes the one at `open`, or the last index. */
function closing(code: readonly Token[], open: number): number {
  const expected: string[] = [];
  for (let index = open; index < code.length; index++) {
    const { text } = code[index] as Token;
    const close = pairs[text];
    if (close !== undefined) {
      expected.push(close);
    } else if (text === expected.at(-1)) {
      expected.pop();
      if (expected.length === 0) {
        return index;
      }
    }
  }
  return code.length - 1;
}

function isRemovedStatement(code: readonly Token[], at: number, end: number, removal: Removal): boolean {
  if (code[at]?.text === "option") {
    return code[at + 1]?.text === "(" && removal.isRemovedName(nameAt(code, at + 2));
  }
  const strings = code.slice(at, end).filter(({ kind }) => kind === "string");
  return (
    code[at]?.text === "import" &&
    removal.isRemovedImport(strings.map(({ text }) => text.slice(1, -1)).join(""))
  );
}

/** Returns the name that begins at `at`. Its parts may be separated by spaces and comments. */
function nameAt(code: readonly Token[], at: number): string {
  let name = "";
  for (let index = at; code[index]?.kind === "word"; index++) {
    name += code[index]?.text;
  }
  return name.replace(/^\./, "");
}

/** Returns the indexes of the `[` that open lists of options in a statement. */
function listsIn(code: readonly Token[], at: number, end: number): number[] {
  const opens: number[] = [];
  for (let index = at; index < end; index++) {
    if (code[index]?.text === "[") {
      opens.push(index);
      index = closing(code, index);
    }
  }
  return opens;
}

/** Returns what is removed from a list of options: some entries with their comments and commas, or the whole list. */
function entriesToRemove(
  tokens: readonly Token[],
  code: readonly Token[],
  open: number,
  removal: Removal,
): Range[] {
  const close = closing(code, open);
  const entries: { readonly first: number; readonly last: number; readonly isRemoved: boolean }[] = [];
  for (let first = open + 1; first < close; ) {
    const last = lastOfEntry(code, first, close);
    const isRemoved = code[first]?.text === "(" && removal.isRemovedName(nameAt(code, first + 1));
    entries.push({ first, last, isRemoved });
    first = last + 1;
  }
  const start = (code[open] as Token).start;
  const end = (code[close] as Token).end;
  const kept = entries.filter(({ isRemoved }) => !isRemoved);
  if (kept.length === entries.length) {
    return [];
  }
  if (kept.length === 0) {
    return [{ start, end }];
  }
  const ranges: Range[] = [];
  let from = start + 1;
  for (const { last, isRemoved } of entries) {
    const to = last + 1 === close ? end - 1 : endOfLineComments(tokens, code[last] as Token);
    if (isRemoved) {
      ranges.push({ start: from, end: to });
    }
    from = to;
  }
  // The last entry has no comma.
  const comma = code[kept.at(-1)?.last ?? open] as Token;
  if (comma.text === ",") {
    ranges.push({ start: comma.start, end: comma.end });
  }
  return ranges.toSorted((a, b) => a.start - b.start);
}

/** Returns the index of the comma after an entry of a list, or of the last token of the last entry. */
function lastOfEntry(code: readonly Token[], first: number, close: number): number {
  for (let index = first; index < close; index++) {
    const { text } = code[index] as Token;
    if (text === ",") {
      return index;
    }
    if (pairs[text] !== undefined) {
      index = closing(code, index);
    }
  }
  return close - 1;
}

/** Returns a statement with its comments. */
function withComments(tokens: readonly Token[], first: Token, last: Token): Range {
  return { start: startOfComments(tokens, first), end: endOfLineComments(tokens, last) };
}

/** Returns the start of the comments directly above a token, without an empty line between. */
function startOfComments(tokens: readonly Token[], token: Token): number {
  const above = tokens.slice(0, tokens.indexOf(token));
  let start = token.start;
  while (above.length > 0) {
    const { kind, text, start: from } = above.pop() as Token;
    if (kind === "space" && isLineBreak(text)) {
      continue;
    }
    // A comment behind other code on a line belongs to that code.
    const previous = above.at(-1);
    if (
      kind !== "comment" ||
      (previous !== undefined && !(previous.kind === "space" && previous.text.includes("\n")))
    ) {
      break;
    }
    start = from;
  }
  return start;
}

function isLineBreak(space: string): boolean {
  return space.split("\n").length <= 2;
}

/** Returns the end of the comments that follow a token on its line. */
function endOfLineComments(tokens: readonly Token[], token: Token): number {
  let { end } = token;
  for (const { kind, text, end: to } of tokens.slice(tokens.indexOf(token) + 1)) {
    if (kind === "comment") {
      end = to;
    } else if (kind !== "space" || text.includes("\n")) {
      break;
    }
  }
  return end;
}
