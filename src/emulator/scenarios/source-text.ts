import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  visit,
} from "yaml";
import { parseJsonDocument } from "../../transcoding/index.ts";
import { camelKey, partsOfPath } from "./source-path.ts";

/** A place in a text, from 1. Columns are in UTF-16 units, as editors count them. */
export type Place = { readonly line: number; readonly column: number };

/** A parsed text, which knows where its values are. */
export type Source = {
  /** JSON as the readers of proto3 JSON take it, with exact integers. */
  readonly value: unknown;
  /** Returns the place of the value at a path, or of the innermost one around it. */
  placeOf(path: string): Place;
};

export type TextProblem = Place & { readonly description: string };

/** Longest text of a scenario, in bytes of UTF-8. */
export const maxTextBytes = 4 * 1024 * 1024;

/** Longest JSON that a text may stand for once its aliases are replaced, in characters. */
const maxExpanded = 4 * maxTextBytes;

/** Deepest nesting of a text; no scenario needs a tenth of it. */
const maxNesting = 200;

const tooDeep = `must not be nested deeper than ${maxNesting} levels`;

const start: Place = { line: 1, column: 1 };

/** Parses YAML, which includes JSON, or returns all places at which it is neither. */
export function parseSource(text: string): Source | { readonly problems: readonly TextProblem[] } {
  const fast = parseAsJson(text);
  if (fast !== undefined) {
    let document: LocatedDocument | undefined;
    return {
      value: fast.json,
      // Only errors need places. Parsing YAML takes a hundred times as long.
      placeOf(path) {
        document ??= parseYaml(text);
        return document.placeOf(path);
      },
    };
  }
  try {
    const { document, placeOf, placeAt } = parseYaml(text);
    const found = [
      // Warnings are about unknown tags, such as `!secret`.
      ...[...document.errors, ...document.warnings].map(({ pos, message }) => ({ at: pos[0], message })),
      ...unknownAliases(document),
    ];
    if (found.length > 0) {
      return {
        problems: found.map(({ at, message }) => ({ ...placeAt(at), description: explain(message) })),
      };
    }
    const json = jsonTextOf(document.toJS({ maxAliasCount: -1 }));
    const parsed = parseJsonDocument(Buffer.from(json));
    return "json" in parsed ? { value: parsed.json, placeOf } : problem("must be YAML or JSON");
  } catch (error) {
    if (error instanceof TooLarge) {
      return problem(error.message);
    }
    if (error instanceof RangeError) {
      return problem(tooDeep);
    }
    throw error;
  }
}

/** Returns the aliases of anchors that are not set before them. */
function unknownAliases(document: Document.Parsed): { at: number; message: string }[] {
  const anchors = new Set<string>();
  const found: { at: number; message: string }[] = [];
  visit(document, {
    Node(_, node) {
      if (isAlias(node)) {
        if (!anchors.has(node.source)) {
          found.push({ at: startOf(node) ?? 0, message: `alias *${node.source} has no anchor before it` });
        }
      } else if (node.anchor !== undefined) {
        anchors.add(node.anchor);
      }
    },
  });
  return found;
}

/** The parser reports its own end as an error of the text. */
function explain(message: string): string {
  return message.includes("call stack") ? tooDeep : message;
}

function problem(description: string) {
  return { problems: [{ ...start, description }] };
}

/** Parses JSON in which no key occurs twice; the YAML parser says where one does. */
function parseAsJson(text: string): { readonly json: unknown } | undefined {
  if (!/^\s*[{[]/.test(text)) {
    return undefined;
  }
  const parsed = parseJsonDocument(Buffer.from(text));
  // Every key in the text is followed by a colon, so equal counts prove that no key was dropped.
  const isWhole = "json" in parsed && countKeys(parsed.json) === (text.match(/"[ \t\r\n]*:/g)?.length ?? 0);
  return isWhole ? parsed : undefined;
}

/** Not recursive, because JSON may be nested deep. */
function countKeys(json: unknown): number {
  let keys = 0;
  const open = [json];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === "object" && value !== null) {
      const inner = Object.values(value);
      keys += Array.isArray(value) ? 0 : inner.length;
      for (const each of inner) {
        open.push(each);
      }
    }
  }
  return keys;
}

type LocatedDocument = {
  readonly document: Document.Parsed;
  placeAt(offset: number): Place;
  placeOf(path: string): Place;
};

function parseYaml(text: string): LocatedDocument {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    prettyErrors: false,
    lineCounter,
    // Exact, and written as they are.
    intAsBigInt: true,
    logLevel: "error",
  });
  const placeAt = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  return { document, placeAt, placeOf: (path) => placeAt(offsetOf(document, partsOfPath(path))) };
}

/** Returns the offset of the key or the item at a path, or of the innermost one around it that exists. */
function offsetOf(document: Document.Parsed, parts: readonly (string | number)[]): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const part of parts) {
    const within = isAlias(node) ? node.resolve(document) : node;
    if (isMap(within)) {
      const pair = within.items.find(({ key }) => isScalar(key) && isKey(String(key.value), String(part)));
      if (pair === undefined) {
        break;
      }
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(within) && typeof part === "number" && part < within.items.length) {
      node = within.items[part];
      offset = startOf(node) ?? offset;
    } else {
      break;
    }
  }
  return offset;
}

/** Paths of rules have names of JSON, but a caller may also write the name of the proto. */
function isKey(written: string, part: string): boolean {
  return written === part || camelKey(written) === part;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? (node as ParsedNode).range?.[0] : undefined;
}

class TooLarge extends Error {}

/** Writes a value as JSON. Throws TooLarge if it has cycles, is nested too deep, or is large because of aliases. */
function jsonTextOf(value: unknown): string {
  let left = maxExpanded;
  const take = (text: string) => {
    left -= text.length;
    if (left < 0) {
      throw new TooLarge(`stands for more than ${maxExpanded} characters of JSON: it has too many aliases`);
    }
    return text;
  };
  const write = (each: unknown, depth: number): string => {
    if (depth > maxNesting) {
      throw new TooLarge(tooDeep);
    }
    if (typeof each !== "object" || each === null) {
      return take(scalarText(each));
    }
    take("[],");
    if (Array.isArray(each)) {
      return `[${each.map((item) => write(item, depth + 1)).join(",")}]`;
    }
    const members = Object.entries(each).map(
      ([key, inner]) => `${take(JSON.stringify(key))}:${write(inner, depth + 1)}`,
    );
    return `{${members.join(",")}}`;
  };
  return write(value ?? null, 0);
}

function scalarText(value: unknown): string {
  if (typeof value === "bigint") {
    return value.toString();
  }
  // `.inf` and `.nan`, in the words of proto3 JSON.
  return typeof value === "number" && !Number.isFinite(value) ? `"${value}"` : JSON.stringify(value ?? null);
}
