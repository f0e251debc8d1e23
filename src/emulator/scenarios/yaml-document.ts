import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  type ParsedNode,
  parseDocument,
  visit,
  type YAMLMap,
} from "yaml";
import { camelKey, partsOfPath } from "./source-path.ts";

/** A place in a text, from 1. Columns are in UTF-16 units, as editors count them. */
export type Place = { readonly line: number; readonly column: number };

export type TextProblem = Place & { readonly description: string };

/** A text of YAML, of which nothing but syntax is known. Everything takes time in proportion to its length. */
export type YamlDocument = {
  /** Places at which the text is not YAML, or has what no JSON has. */
  readonly problems: readonly TextProblem[];
  /** Returns the place of the value at a path, or of the innermost one around it that exists. */
  placeOf(path: string): Place;
  /** Returns the JSON that the text stands for. Throws YamlLimitError. */
  jsonText(): string;
};

/** Raised for a text that stands for too much. */
export class YamlLimitError extends Error {
  override readonly name = "YamlLimitError";
}

/** Deepest nesting of a text; no scenario needs a tenth of it. */
const maxNesting = 200;

const tooDeep = `must not be nested deeper than ${maxNesting} levels`;

/** Longest JSON that a text may stand for once its aliases are replaced, in characters. */
const maxExpanded = 16 * 1024 * 1024;

/** From this number on, problems are not reported. */
const mostProblems = 1_000;

export function parseYamlDocument(text: string): YamlDocument {
  const lineCounter = new LineCounter();
  const document = parse(text, lineCounter);
  const placeAt = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const targets = new Map<Alias, ParsedNode>();
  const found = document === undefined ? [{ at: 0, message: tooDeep }] : inspect(document, targets);
  return {
    problems: found
      .slice(0, mostProblems)
      .map(({ at, message }) => ({ ...placeAt(at), description: message })),
    placeOf: (path) => placeAt(document === undefined ? 0 : offsetOf(document, targets, partsOfPath(path))),
    jsonText: () => jsonTextOf(document?.contents, targets),
  };
}

function parse(text: string, lineCounter: LineCounter): Document.Parsed | undefined {
  try {
    return parseDocument(text, {
      prettyErrors: false,
      lineCounter,
      // Exact, and written as they are.
      intAsBigInt: true,
      // Its check takes time in proportion to the square of the number of keys.
      uniqueKeys: false,
      logLevel: "error",
    });
  } catch (error) {
    if (error instanceof RangeError) {
      return undefined;
    }
    throw error;
  }
}

type Found = { readonly at: number; readonly message: string };

/** Returns what is wrong with a document, and adds what its aliases stand for: the last node before with the anchor. */
function inspect(document: Document.Parsed, targets: Map<Alias, ParsedNode>): Found[] {
  // Warnings are about unknown tags, such as `!secret`. The parser reports the end of its stack as an error of the text.
  const found = [...document.errors, ...document.warnings].map(({ pos, message }) => ({
    at: pos[0],
    message: message.includes("call stack") ? tooDeep : message,
  }));
  const anchors = new Map<string, ParsedNode>();
  visit(document, {
    Node(_, node) {
      if (isAlias(node)) {
        const target = anchors.get(node.source);
        if (target === undefined) {
          found.push({ at: startOf(node) ?? 0, message: `alias *${node.source} has no anchor before it` });
        } else {
          targets.set(node, target);
        }
        return;
      }
      if (node.anchor !== undefined) {
        anchors.set(node.anchor, node as ParsedNode);
      }
      if (isMap(node)) {
        for (const wrong of wrongKeys(node)) {
          found.push(wrong);
        }
      }
    },
  });
  return found.sort((a, b) => a.at - b.at);
}

function wrongKeys(map: YAMLMap): Found[] {
  const keys = new Set<string>();
  return map.items.flatMap(({ key }) => {
    const at = startOf(key) ?? 0;
    const name = keyOf(key);
    if (name === undefined) {
      return [{ at, message: "must be a text, as keys are" }];
    }
    const isTwice = keys.has(name);
    keys.add(name);
    return isTwice ? [{ at, message: "is a key that occurs twice" }] : [];
  });
}

function keyOf(key: unknown): string | undefined {
  return isScalar(key) ? String(key.value) : undefined;
}

/** The pairs of a map by their keys, under both spellings: paths of rules have names of JSON, a text may have those of the proto. */
const pairs = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

function pairsOf(map: YAMLMap): ReadonlyMap<string, Pair> {
  const known = pairs.get(map);
  if (known !== undefined) {
    return known;
  }
  const byKey = new Map<string, Pair>();
  for (const pair of map.items) {
    const key = keyOf(pair.key) ?? "";
    byKey.set(key, pair).set(camelKey(key), byKey.get(camelKey(key)) ?? pair);
  }
  pairs.set(map, byKey);
  return byKey;
}

/** Returns the offset of the key or the item at a path, or of the innermost one around it that exists. */
function offsetOf(
  document: Document.Parsed,
  targets: ReadonlyMap<Alias, ParsedNode>,
  parts: readonly (string | number)[],
): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const part of parts) {
    const within = isAlias(node) ? targets.get(node) : node;
    if (isMap(within)) {
      const pair = pairsOf(within).get(String(part));
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

function startOf(node: unknown): number | undefined {
  return isNode(node) ? (node as ParsedNode).range?.[0] : undefined;
}

/** Writes a node as JSON. A cycle of aliases is nested without an end. */
function jsonTextOf(root: unknown, targets: ReadonlyMap<Alias, ParsedNode>): string {
  let left = maxExpanded;
  const take = (text: string) => {
    left -= text.length;
    if (left < 0) {
      throw new YamlLimitError(
        `stands for more than ${maxExpanded} characters of JSON: it has too many aliases`,
      );
    }
    return text;
  };
  const write = (node: unknown, depth: number): string => {
    if (depth > maxNesting) {
      throw new YamlLimitError(tooDeep);
    }
    if (isAlias(node)) {
      return write(targets.get(node), depth + 1);
    }
    if (isSeq(node)) {
      take("[],");
      return `[${node.items.map((item) => write(item, depth + 1)).join(",")}]`;
    }
    if (isMap(node)) {
      take("{},");
      const members = node.items.map(
        ({ key, value }) => `${take(JSON.stringify(keyOf(key)))}:${write(value, depth + 1)}`,
      );
      return `{${members.join(",")}}`;
    }
    return take(scalarText(isScalar(node) ? node.value : null));
  };
  return write(root, 0);
}

function scalarText(value: unknown): string {
  if (typeof value === "bigint") {
    return value.toString();
  }
  // `.inf` and `.nan`, in the words of proto3 JSON.
  return typeof value === "number" && !Number.isFinite(value) ? `"${value}"` : JSON.stringify(value ?? null);
}
