import { parseFieldPath, type Step, unquoted } from "./field-path.ts";
import type { JsonNode, JsonText } from "./parse-json.ts";

/** Where a path leads to in a JSON text. */
export type Found = {
  readonly node: JsonNode;
  /** The nodes from the root to the node, without it. */
  readonly parents: readonly JsonNode[];
  /** What of the path is not in the text: the field is absent, and `node` is its nearest parent. */
  readonly rest: readonly Step[];
};

/**
 * Finds the value that a violation is about, or its nearest parent. A field may be written in lowerCamelCase or snake_case, in
 * the path and in the text. Of duplicate keys it is the last. Returns undefined if the path is none, or nothing is there.
 */
export function findNode({ text, root }: JsonText, path: string): Found | undefined {
  const steps = parseFieldPath(path);
  if (!root || !steps || steps.length === 0) {
    return undefined;
  }
  const parents: JsonNode[] = [];
  let node = root;
  for (const [at, step] of steps.entries()) {
    const child = childOf(text, node, step);
    if (!child) {
      return { node, parents, rest: steps.slice(at) };
    }
    parents.push(node);
    node = child;
  }
  return { node, parents, rest: [] };
}

function childOf(text: string, { kind, children }: JsonNode, step: Step): JsonNode | undefined {
  if (kind === "array") {
    return typeof step === "number" ? children[step] : undefined;
  }
  const name = String(step);
  return (
    children.findLast((child) => keyOf(text, child) === name) ??
    children.findLast((child) => camelCase(keyOf(text, child) ?? "") === camelCase(name))
  );
}

/** Returns the key of a member, without quotes and escapes. */
export function keyOf(text: string, { keyStart, keyEnd }: JsonNode): string | undefined {
  return keyStart === undefined ? undefined : unquoted(text.slice(keyStart, keyEnd));
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
