import { fieldPathText } from "./field-path.ts";
import { findNode } from "./find-node.ts";
import type { JsonNode, JsonText } from "./parse-json.ts";

/** A remark on a field, such as a violation. */
export type Mark = { readonly path: string; readonly description: string };

/** A mark at its line. If its field is absent, it is at the nearest parent, and `rest` is what is absent. */
export type PlacedMark = Mark & { readonly rest: string };

/** The marks inside an object or array: how many at any depth, and the indexes of the children that lead to them. */
type MarksInside = { count: number; readonly children: Set<number> };

/** Where marks are in a text. */
export type PlacedMarks = {
  readonly at: ReadonlyMap<JsonNode, readonly PlacedMark[]>;
  /** The objects and arrays that have marks inside. */
  readonly inside: ReadonlyMap<JsonNode, MarksInside>;
  /** Marks that fit nowhere. */
  readonly elsewhere: readonly Mark[];
};

/** Finds the place of each mark. */
export function placeMarks(json: JsonText, marks: readonly Mark[]): PlacedMarks {
  const at = new Map<JsonNode, PlacedMark[]>();
  const inside = new Map<JsonNode, MarksInside>();
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
    for (const [depth, parent] of found.parents.entries()) {
      const marks = inside.get(parent) ?? { count: 0, children: new Set() };
      marks.count += 1;
      marks.children.add(parent.children.indexOf(found.parents[depth + 1] ?? found.node));
      inside.set(parent, marks);
    }
  }
  return { at, inside, elsewhere };
}

/** The objects and arrays that are open, each with the indexes of its children that are shown. */
export type OpenNodes = ReadonlyMap<JsonNode, ReadonlySet<number>>;

/** Lines that are shown at first, about. */
const lineBudget = 400;
/** Children of one object or array that are shown at once. */
const childBudget = 100;

/** Opens level by level while there is room, and whatever has a mark inside. */
export function firstOpenNodes({ root }: JsonText, { inside }: PlacedMarks): OpenNodes {
  const open = new Map<JsonNode, ReadonlySet<number>>();
  let lines = 0;
  const queue = root ? [root] : [];
  for (const node of queue) {
    const shown = Math.min(node.children.length, childBudget);
    const hasRoom = lines + shown <= lineBudget;
    if (node.children.length === 0 || !(hasRoom || inside.has(node))) {
      continue;
    }
    open.set(node, indexesUpTo(hasRoom ? shown : 0));
    lines += hasRoom ? shown + 1 : 0;
    for (const index of shownIndexes(open, node, inside)) {
      queue.push(node.children[index] as JsonNode);
    }
  }
  return open;
}

/** Opens or closes an object or array. */
export function toggled(open: OpenNodes, node: JsonNode): OpenNodes {
  const next = new Map(open);
  if (!next.delete(node)) {
    next.set(node, indexesUpTo(Math.min(node.children.length, childBudget)));
  }
  return next;
}

function indexesUpTo(end: number): ReadonlySet<number> {
  return new Set(Array(end).keys());
}

/** Returns the indexes of the children that are shown, in order. Those with marks always are. */
function shownIndexes(open: OpenNodes, node: JsonNode, inside: PlacedMarks["inside"]): readonly number[] {
  const indexes = new Set([...(open.get(node) ?? []), ...(inside.get(node)?.children ?? [])]);
  return [...indexes].sort((a, b) => a - b);
}

/** Shows more of the children that are left out, from this index on. */
export function withMore(open: OpenNodes, node: JsonNode, from: number): OpenNodes {
  const end = Math.min(from + 2 * childBudget, node.children.length);
  const more = Array.from({ length: end - from }, (_, at) => from + at);
  return new Map(open).set(node, new Set([...(open.get(node) ?? []), ...more]));
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
export function linesOf({ root }: JsonText, open: OpenNodes, { inside }: PlacedMarks): readonly JsonLine[] {
  const lines: JsonLine[] = [];
  const add = (node: JsonNode, depth: number, isLast: boolean): void => {
    const isOpen = open.has(node);
    lines.push({ kind: "value", node, depth, isOpen, isLast });
    if (!isOpen) {
      return;
    }
    let from = 0;
    const { children } = node;
    const addGap = (end: number) => {
      if (end > from) {
        lines.push({ kind: "gap", node, depth: depth + 1, from, count: end - from });
      }
    };
    for (const index of shownIndexes(open, node, inside)) {
      addGap(index);
      add(children[index] as JsonNode, depth + 1, index === children.length - 1);
      from = index + 1;
    }
    addGap(children.length);
    lines.push({ kind: "end", node, depth, isLast });
  };
  if (root) {
    add(root, 0, true);
  }
  return lines;
}
