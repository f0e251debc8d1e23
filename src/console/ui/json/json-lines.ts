import { fieldPathText } from "./field-path.ts";
import { findNode } from "./find-node.ts";
import type { JsonNode, JsonText } from "./parse-json.ts";

/** A remark on a field, such as a violation. */
export type Mark = { readonly path: string; readonly description: string };

/** A mark at its line. If its field is absent, it is at the nearest parent, and `rest` is what is absent. */
export type PlacedMark = Mark & { readonly rest: string };

/** Where marks are in a text. */
export type PlacedMarks = {
  readonly at: ReadonlyMap<JsonNode, readonly PlacedMark[]>;
  /** Number of marks inside each object and array, at any depth. */
  readonly inside: ReadonlyMap<JsonNode, number>;
  /** Marks that fit nowhere. */
  readonly elsewhere: readonly Mark[];
};

/** Finds the place of each mark. */
export function placeMarks(json: JsonText, marks: readonly Mark[]): PlacedMarks {
  const at = new Map<JsonNode, PlacedMark[]>();
  const inside = new Map<JsonNode, number>();
  const elsewhere: Mark[] = [];
  for (const mark of marks) {
    const found = findNode(json, mark.path);
    if (!found) {
      elsewhere.push(mark);
      continue;
    }
    const placed = at.get(found.node) ?? [];
    placed.push({ ...mark, rest: fieldPathText(found.rest) });
    at.set(found.node, placed);
    for (const parent of found.parents) {
      inside.set(parent, (inside.get(parent) ?? 0) + 1);
    }
  }
  return { at, inside, elsewhere };
}

/** The objects and arrays that are open, each with the indexes of its children that are shown. */
export type OpenNodes = ReadonlyMap<JsonNode, ReadonlySet<number> | "all">;

/** Lines that are shown at first, about. */
const lineBudget = 400;
/** Children of one object or array that are shown at once. */
const childBudget = 100;

/** Opens level by level while there is room, and whatever has a mark inside. */
export function firstOpenNodes({ root }: JsonText, { inside }: PlacedMarks): OpenNodes {
  const open = new Map<JsonNode, ReadonlySet<number> | "all">();
  let lines = 0;
  const queue = root ? [root] : [];
  for (const node of queue) {
    const shown = Math.min(node.children.length, childBudget);
    const hasRoom = lines + shown <= lineBudget;
    if (node.children.length === 0 || !(hasRoom || inside.has(node))) {
      continue;
    }
    const isAll = hasRoom && shown === node.children.length;
    open.set(node, isAll ? "all" : indexesUpTo(hasRoom ? shown : 0));
    lines += hasRoom ? shown + 1 : 0;
    // What is not shown at first may be deep and long: it is looked at when it is opened.
    for (const [index, child] of node.children.entries()) {
      if (index < shown || inside.has(child)) {
        queue.push(child);
      }
    }
  }
  return open;
}

/** Opens or closes an object or array. */
export function toggled(open: OpenNodes, node: JsonNode): OpenNodes {
  const next = new Map(open);
  if (!next.delete(node)) {
    const isSmall = node.children.length <= childBudget;
    next.set(node, isSmall ? "all" : indexesUpTo(childBudget));
  }
  return next;
}

function indexesUpTo(end: number): ReadonlySet<number> {
  return new Set(Array(end).keys());
}

/** Shows more of the children that are left out, from this index on. */
export function withMore(open: OpenNodes, node: JsonNode, from: number): OpenNodes {
  const shown = open.get(node);
  const more = Array.from({ length: 2 * childBudget }, (_, at) => from + at);
  return shown instanceof Set ? new Map(open).set(node, new Set([...shown, ...more])) : open;
}

/** A line of the display. */
export type JsonLine =
  /** A value, an object or array that is closed, or the beginning of one that is open. */
  | {
      readonly kind: "value";
      readonly node: JsonNode;
      readonly depth: number;
      readonly isOpen: boolean;
      readonly isLast: boolean;
    }
  /** The end of an object or array. */
  | { readonly kind: "end"; readonly node: JsonNode; readonly depth: number; readonly isLast: boolean }
  /** Children that are left out, from index `from`. */
  | {
      readonly kind: "gap";
      readonly node: JsonNode;
      readonly depth: number;
      readonly from: number;
      readonly count: number;
    };

/** Returns the lines of what is open. Children with marks are always shown. */
export function linesOf(
  { root }: JsonText,
  open: OpenNodes,
  { at, inside }: PlacedMarks,
): readonly JsonLine[] {
  const lines: JsonLine[] = [];
  const add = (node: JsonNode, depth: number, isLast: boolean): void => {
    const shown = open.get(node);
    lines.push({ kind: "value", node, depth, isOpen: shown !== undefined, isLast });
    if (shown === undefined) {
      return;
    }
    let from = 0;
    const { children } = node;
    const addGap = (end: number) => {
      if (end > from) {
        lines.push({ kind: "gap", node, depth: depth + 1, from, count: end - from });
      }
    };
    for (const [index, child] of children.entries()) {
      if (shown === "all" || shown.has(index) || at.has(child) || inside.has(child)) {
        addGap(index);
        add(child, depth + 1, index === children.length - 1);
        from = index + 1;
      }
    }
    addGap(children.length);
    lines.push({ kind: "end", node, depth, isLast });
  };
  if (root) {
    add(root, 0, true);
  }
  return lines;
}
