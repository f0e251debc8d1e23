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
  readonly keyStart?: number;
  readonly keyEnd?: number;
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
const space = /[ \t\r\n]*/y;
const escapePattern = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const numberPattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.])/y;
const literalPattern = /(?:true|false|null)(?!\w)/y;

type Open = { node: JsonNode & { children: JsonNode[] }; closer: string };

/** Reads a JSON text in one pass, however deep it is. */
export function parseJson(text: string): JsonText {
  const open: Open[] = [];
  let root: JsonNode | undefined;
  let at = endOf(space, text, 0);

  const fail = (): JsonText => {
    for (const { node } of open) {
      node.end = at;
    }
    return { text, root, errorAt: at };
  };

  let isFirst = true;
  while (at < text.length) {
    const parent = open.at(-1);
    let key: { keyStart: number; keyEnd: number } | undefined;
    if (parent) {
      if (text[at] === parent.closer && (isFirst || parent.node.children.length > 0)) {
        at += 1;
        parent.node.end = at;
        open.pop();
        isFirst = false;
        at = endOf(space, text, at);
        if (open.length === 0) {
          return at === text.length ? { text, root, errorAt: undefined } : fail();
        }
        continue;
      }
      if (!isFirst) {
        if (text[at] !== ",") {
          return fail();
        }
        at = endOf(space, text, at + 1);
      }
      if (parent.node.kind === "object") {
        const keyEnd = endOfString(text, at);
        const colon = keyEnd < 0 ? -1 : endOf(space, text, keyEnd);
        if (colon < 0 || text[colon] !== ":") {
          return fail();
        }
        key = { keyStart: at, keyEnd };
        at = endOf(space, text, colon + 1);
      }
    }
    const node = nodeAt(text, at, key);
    if (!node) {
      return fail();
    }
    root ??= node;
    parent?.node.children.push(node);
    if (node.kind === "object" || node.kind === "array") {
      open.push({ node: node as Open["node"], closer: node.kind === "object" ? "}" : "]" });
      isFirst = true;
      at = endOf(space, text, at + 1);
    } else {
      isFirst = false;
      at = endOf(space, text, node.end);
      if (!parent) {
        return at === text.length ? { text, root, errorAt: undefined } : fail();
      }
    }
  }
  return fail();
}

/** Returns the value that begins at an offset. The end of an object or array is not known yet. */
function nodeAt(text: string, start: number, key: object | undefined): JsonNode | undefined {
  const leaf = (kind: JsonNode["kind"], end: number) =>
    end < 0 ? undefined : { kind, start, end, children: none, ...key };
  switch (text[start]) {
    case "{":
      return { kind: "object", start, end: start, children: [], ...key };
    case "[":
      return { kind: "array", start, end: start, children: [], ...key };
    case '"':
      return leaf("string", endOfString(text, start));
    case "t":
    case "f":
    case "n":
      return leaf("literal", endOf(literalPattern, text, start));
    default:
      return leaf("number", endOf(numberPattern, text, start));
  }
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
