/**
 * A value of a JSON text, with its place. Its text stays as it was written: numbers beyond 2^53 keep their digits, and
 * duplicate keys are all there.
 */
export type JsonNode = {
  readonly kind: "object" | "array" | "string" | "number" | "literal";
  /** Offsets of the value in the text; `end` is behind it. */
  readonly start: number;
  end: number;
  /** Offsets of the key of a member, with its quotes. */
  readonly keyStart: number | undefined;
  readonly keyEnd: number | undefined;
  /** Members or items. Empty for other values. */
  readonly children: readonly JsonNode[];
};

/** A JSON text that was read. */
export type JsonText = {
  readonly text: string;
  /** Undefined if the text has no value. */
  readonly root: JsonNode | undefined;
  /** Where the text stops being JSON. The nodes before it are there, so that a text can be marked while it is typed. */
  readonly errorAt: number | undefined;
};

const none: readonly JsonNode[] = [];
const escapePattern = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const numberPattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.])/y;
const literalPattern = /(?:true|false|null)(?!\w)/y;

/** An object or array whose end has not been read. */
type OpenNode = JsonNode & { readonly children: JsonNode[] };

/** Reads a JSON text in one pass, however deep it is. */
export function parseJson(text: string): JsonText {
  const open: OpenNode[] = [];
  let root: JsonNode | undefined;
  let at = afterSpace(text, 0);
  const ended = (errorAt: number | undefined): JsonText => {
    for (const node of open) {
      node.end = at;
    }
    return { text, root, errorAt };
  };

  do {
    const parent = open[open.length - 1];
    if (parent && text[at] === (parent.kind === "object" ? "}" : "]")) {
      open.pop();
      parent.end = at + 1;
      at = afterSpace(text, parent.end);
      continue;
    }
    const node = nextNode(text, at, parent);
    if (typeof node === "number") {
      at = node;
      return ended(at);
    }
    root ??= node;
    parent?.children.push(node);
    if (node.kind === "object" || node.kind === "array") {
      open.push(node as OpenNode);
    }
    at = afterSpace(text, node.end);
  } while (open.length > 0);
  return ended(at === text.length ? undefined : at);
}

/**
 * Reads the next value of a parent, with the comma and the key before it. Of an object or array, only the bracket is read.
 * Returns where the text is wrong if there is none.
 */
function nextNode(text: string, start: number, parent: OpenNode | undefined): JsonNode | number {
  let at = start;
  if (parent && parent.children.length > 0) {
    if (text[at] !== ",") {
      return at;
    }
    at = afterSpace(text, at + 1);
  }
  if (parent?.kind !== "object") {
    return nodeAt(text, at, undefined, undefined) ?? at;
  }
  const keyEnd = endOfString(text, at);
  const colon = keyEnd < 0 ? at : afterSpace(text, keyEnd);
  if (text[colon] !== ":") {
    return colon;
  }
  const valueStart = afterSpace(text, colon + 1);
  return nodeAt(text, valueStart, at, keyEnd) ?? valueStart;
}

function nodeAt(
  text: string,
  start: number,
  keyStart: number | undefined,
  keyEnd: number | undefined,
): JsonNode | undefined {
  const first = text[start];
  if (first === "{" || first === "[") {
    const kind = first === "{" ? "object" : "array";
    return { kind, start, end: start + 1, keyStart, keyEnd, children: [] };
  }
  const isLiteral = first === "t" || first === "f" || first === "n";
  const kind = first === '"' ? "string" : isLiteral ? "literal" : "number";
  const end =
    kind === "string"
      ? endOfString(text, start)
      : endOf(isLiteral ? literalPattern : numberPattern, text, start);
  return end < 0 ? undefined : { kind, start, end, keyStart, keyEnd, children: none };
}

/** Returns where the white space at this offset ends. */
function afterSpace(text: string, start: number): number {
  let at = start;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) {
      break;
    }
  }
  return at;
}

/** Returns where a match at this offset ends; -1 without one. */
function endOf(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

/** Returns where the string at this offset ends; -1 if there is none. A loop, because a pattern backtracks over long ones. */
function endOfString(text: string, start: number): number {
  if (text[start] !== '"') {
    return -1;
  }
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      return at + 1;
    }
    if (code === 0x5c) {
      at = endOf(escapePattern, text, at) - 1;
      if (at < 0) {
        return -1;
      }
    } else if (code < 0x20) {
      return -1;
    }
  }
  return -1;
}
