import { type Token, textOf, tokensOf } from "./json-tokens.ts";

/** Names and indexes that lead from the root to a value. */
export type JsonPath = readonly (string | number)[];

/** What is at an offset of a text of JSON, which may be incomplete. */
export type JsonPlace = {
  /** Whether a name of an object or a value is expected here. */
  readonly kind: "name" | "value";
  /** Path of the object whose name it is, or of the value. */
  readonly path: JsonPath;
  /** Part of the text that is replaced by a completion: the token at the offset, or nothing. */
  readonly from: number;
  readonly to: number;
  /** The token as text, without quotes; empty if there is none. */
  readonly word: string;
  /** For a name: the other names of the object. */
  readonly names: ReadonlySet<string>;
  /** For a name: whether a colon follows. */
  readonly hasColon: boolean;
  /** Whether a comma is missing behind the place, because another name or value follows. */
  readonly needsComma: boolean;
  /** Where a comma is missing in front of it. */
  readonly commaBefore: number | undefined;
};

type Frame = {
  readonly isObject: boolean;
  readonly names: string[];
  /** Name of the current property; undefined while a name is expected. */
  name: string | undefined;
  /** Index of the current item of a list. */
  index: number;
  hasColon: boolean;
  /** End of a value that no comma follows yet. */
  valueEnd: number | undefined;
};

/** The text up to a place. */
type Reading = { readonly text: string; readonly frames: Frame[] };

/** Returns what is at an offset; undefined in punctuation, where nothing can be completed. */
export function placeAt(text: string, offset: number): JsonPlace | undefined {
  const reading: Reading = { text, frames: [] };
  const tokens = [...tokensOf(text)];
  let next = 0;
  for (let token = tokens[next]; token !== undefined && !reaches(token, offset, text); token = tokens[next]) {
    accept(reading, token);
    next++;
  }
  const frame = reading.frames.at(-1);
  const token = tokens[next];
  // In front of a token, something is inserted, except that a property already has its value there.
  const isAt =
    token !== undefined &&
    isScalar(token) &&
    (token.from < offset || (token.from === offset && frame?.isObject === true && !expectsName(frame)));
  const at = isAt ? token : undefined;
  if (frame === undefined) {
    return next === 0 ? rootPlace(text, offset, at) : undefined;
  }
  return placeIn(reading, frame, offset, at, tokens.slice(isAt ? next + 1 : next));
}

function expectsName(frame: Frame): boolean {
  return frame.isObject && (frame.name === undefined || frame.valueEnd !== undefined);
}

/** Whether a token is at or behind an offset. A complete string ends before the offset behind its quote. */
function reaches(token: Token, offset: number, text: string): boolean {
  if (token.from >= offset) {
    return true;
  }
  const isClosed = token.kind === "string" && token.to - token.from > 1 && text[token.to - 1] === '"';
  return isScalar(token) && (isClosed ? token.to > offset : token.to >= offset);
}

function isScalar({ kind }: Token): boolean {
  return kind === "string" || kind === "word";
}

function rootPlace(text: string, offset: number, token: Token | undefined): JsonPlace {
  return {
    kind: "value",
    path: [],
    from: token?.from ?? offset,
    to: token?.to ?? offset,
    word: token === undefined ? "" : wordBefore(text, token, offset),
    names: new Set(),
    hasColon: false,
    needsComma: false,
    commaBefore: undefined,
  };
}

function placeIn(
  { text, frames }: Reading,
  frame: Frame,
  offset: number,
  token: Token | undefined,
  rest: readonly Token[],
): JsonPlace | undefined {
  const isName = expectsName(frame);
  if (frame.isObject && !isName && !frame.hasColon) {
    return undefined;
  }
  const outer = pathOf(frames.slice(0, -1));
  const item = frame.index + (frame.valueEnd === undefined ? 0 : 1);
  return {
    kind: isName ? "name" : "value",
    path: isName ? outer : [...outer, frame.isObject ? (frame.name as string) : item],
    from: token?.from ?? offset,
    to: token?.to ?? offset,
    word: token === undefined ? "" : wordBefore(text, token, offset),
    names: isName ? new Set([...frame.names, ...namesBehind(text, rest)]) : new Set(),
    hasColon: isName && rest[0]?.kind === ":",
    needsComma: rest[0] !== undefined && !",:}]".includes(rest[0].kind),
    commaBefore: frame.valueEnd,
  };
}

/** Returns the part of a token before an offset, without its quote. */
function wordBefore(text: string, token: Token, offset: number): string {
  const part = { ...token, to: Math.max(token.from, Math.min(token.to, offset)) };
  return part.from === part.to ? "" : textOf(text, part);
}

/** Returns the names that follow in the innermost object. */
function namesBehind(text: string, rest: readonly Token[]): readonly string[] {
  const names: string[] = [];
  let depth = 0;
  for (const [index, token] of rest.entries()) {
    if (token.kind === "{" || token.kind === "[") {
      depth++;
    } else if (token.kind === "}" || token.kind === "]") {
      depth--;
    } else if (depth === 0 && isScalar(token) && rest[index + 1]?.kind === ":") {
      names.push(textOf(text, token));
    }
    if (depth < 0) {
      break;
    }
  }
  return names;
}

function pathOf(frames: readonly Frame[]): JsonPath {
  return frames.map((frame) => (frame.isObject ? (frame.name ?? "") : frame.index));
}

/** Takes a token into account. What JSON does not allow is read as what was probably meant. */
function accept({ text, frames }: Reading, token: Token): void {
  const frame = frames.at(-1);
  switch (token.kind) {
    case "{":
    case "[":
      if (frame !== undefined) {
        beginValue(frame);
      }
      frames.push({
        isObject: token.kind === "{",
        names: [],
        name: undefined,
        index: 0,
        hasColon: false,
        valueEnd: undefined,
      });
      break;
    case "}":
    case "]":
      frames.pop();
      endValue(frames.at(-1), token.to);
      break;
    case ",":
      endProperty(frame);
      break;
    case ":":
      if (frame?.isObject) {
        frame.hasColon = true;
      }
      break;
    default:
      acceptScalar(frame, textOf(text, token), token.to);
  }
}

function acceptScalar(frame: Frame | undefined, word: string, to: number): void {
  if (frame === undefined) {
    return;
  }
  beginValue(frame);
  if (frame.isObject && frame.name === undefined) {
    frame.name = word;
    frame.names.push(word);
  } else {
    endValue(frame, to);
  }
}

/** A value that follows another one without a comma begins a new property or item. */
function beginValue(frame: Frame): void {
  if (frame.valueEnd !== undefined) {
    endProperty(frame);
  }
}

function endValue(frame: Frame | undefined, to: number): void {
  if (frame !== undefined) {
    frame.valueEnd = to;
  }
}

function endProperty(frame: Frame | undefined): void {
  if (frame !== undefined) {
    frame.index++;
    frame.name = undefined;
    frame.hasColon = false;
    frame.valueEnd = undefined;
  }
}
