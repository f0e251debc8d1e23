import type { TemplateSegment } from "./path-template.ts";
import { decodeSegment } from "./percent.ts";
import type { HttpBinding } from "./rules.ts";

/** The route of a request and the values of its variables. */
export type RouteMatch<T> = {
  readonly route: T;
  /** Raw text of each variable of the template, in the order of the template. */
  readonly captures: readonly string[];
};

/** The route, or the sorted methods of the path if it exists for other methods only, or undefined if it does not exist. */
export type MatchResult<T> = RouteMatch<T> | { readonly allowed: readonly string[] } | undefined;

export type RouteTree<T> = {
  match(httpMethod: string, rawPath: string): MatchResult<T>;
};

type Leaf<T> = Map<
  string,
  {
    readonly route: T;
    readonly binding: HttpBinding;
    readonly capture: (segments: readonly string[]) => string[];
  }
>;

type Node<T> = {
  readonly literals: Map<string, Node<T>>;
  star: Node<T> | undefined;
  /** The literals behind a `**`, the longest first. */
  readonly rest: { readonly tail: readonly string[]; readonly leaves: Map<string, Leaf<T>> }[];
  /** By verb, "" for none. */
  readonly leaves: Map<string, Leaf<T>>;
};

/**
 * Builds a tree in which a literal takes precedence over `*`, and `*` over `**`, independent of the order of the routes.
 * Searches backtrack, so that no route hides another. Throws if two routes are the same.
 */
export function buildRouteTree<T>(routes: Iterable<readonly [HttpBinding, T]>): RouteTree<T> {
  const root = createNode<T>();
  for (const [binding, route] of routes) {
    insert(root, binding, route);
  }
  return { match: (httpMethod, rawPath) => match(root, httpMethod, rawPath) };
}

function createNode<T>(): Node<T> {
  return { literals: new Map(), star: undefined, rest: [], leaves: new Map() };
}

function insert<T>(root: Node<T>, binding: HttpBinding, route: T): void {
  const { segments, verb = "" } = binding.template;
  let node = root;
  let leaves: Map<string, Leaf<T>> | undefined;
  for (const [index, segment] of segments.entries()) {
    if (segment.kind === "**") {
      const tail = segments.slice(index + 1);
      leaves = restOf(
        node,
        tail.flatMap((each) => (each.kind === "literal" ? each.text : [])),
      );
      break;
    }
    node = childOf(node, segment);
  }
  leaves ??= node.leaves;
  const leaf: Leaf<T> = leaves.get(verb) ?? new Map();
  leaves.set(verb, leaf);
  const other = leaf.get(binding.httpMethod);
  if (other !== undefined) {
    throw new Error(
      `${binding.method} and ${other.binding.method} both have the route ${binding.httpMethod} ${binding.template.source}`,
    );
  }
  leaf.set(binding.httpMethod, { route, binding, capture: compileCapture(binding) });
}

function childOf<T>(node: Node<T>, segment: TemplateSegment): Node<T> {
  if (segment.kind === "literal") {
    const child = node.literals.get(segment.text) ?? createNode<T>();
    node.literals.set(segment.text, child);
    return child;
  }
  node.star ??= createNode<T>();
  return node.star;
}

function restOf<T>(node: Node<T>, tail: readonly string[]): Map<string, Leaf<T>> {
  const known = node.rest.find((each) => JSON.stringify(each.tail) === JSON.stringify(tail));
  if (known !== undefined) {
    return known.leaves;
  }
  const leaves = new Map<string, Leaf<T>>();
  node.rest.push({ tail, leaves });
  node.rest.sort((a, b) => b.tail.length - a.tail.length);
  return leaves;
}

function match<T>(root: Node<T>, httpMethod: string, rawPath: string): MatchResult<T> {
  if (!rawPath.startsWith("/")) {
    return undefined;
  }
  const segments = rawPath === "/" ? [] : segmentsOf(rawPath);
  if (segments === undefined) {
    return undefined;
  }
  const allowed: string[] = [];
  const last = segments.at(-1) ?? "";
  const colon = last.lastIndexOf(":");
  if (colon > 0) {
    // The text behind the last colon is a verb only if such a route exists, because ids may contain colons.
    const verb = decodeSegment(last.slice(colon + 1));
    if (verb) {
      const trimmed = [...segments.slice(0, -1), last.slice(0, colon)];
      const found = search(root, { httpMethod, segments: trimmed, verb, allowed }, 0);
      if (found !== undefined) {
        return found;
      }
    }
  }
  const found = search(root, { httpMethod, segments, verb: "", allowed }, 0);
  return found ?? (allowed.length === 0 ? undefined : { allowed: [...new Set(allowed)].sort() });
}

/** Returns the segments of a path, or undefined if one is empty. Takes half of the time of `split`. */
function segmentsOf(rawPath: string): string[] | undefined {
  const segments: string[] = [];
  for (let start = 1, end = 0; end < rawPath.length; start = end + 1) {
    const slash = rawPath.indexOf("/", start);
    end = slash === -1 ? rawPath.length : slash;
    if (end === start) {
      return undefined;
    }
    segments.push(rawPath.slice(start, end));
  }
  return segments;
}

type Search = {
  readonly httpMethod: string;
  readonly segments: readonly string[];
  readonly verb: string;
  /** Methods that the path has instead, perhaps twice. */
  readonly allowed: string[];
};

function search<T>(node: Node<T>, wanted: Search, depth: number): RouteMatch<T> | undefined {
  const raw = wanted.segments[depth];
  if (raw === undefined) {
    const found = take(node.leaves, wanted);
    if (found !== undefined) {
      return found;
    }
  } else {
    const text = node.literals.size === 0 ? undefined : decodeSegment(raw);
    const literal = text === undefined ? undefined : node.literals.get(text);
    const found =
      (literal && search(literal, wanted, depth + 1)) ?? (node.star && search(node.star, wanted, depth + 1));
    if (found !== undefined) {
      return found;
    }
  }
  for (const { tail, leaves } of node.rest) {
    const start = wanted.segments.length - tail.length;
    if (
      start >= depth &&
      tail.every((text, index) => decodeSegment(wanted.segments[start + index] ?? "") === text)
    ) {
      const found = take(leaves, wanted);
      if (found !== undefined) {
        return found;
      }
    }
  }
  return undefined;
}

function take<T>(leaves: Map<string, Leaf<T>>, { httpMethod, segments, verb, allowed }: Search) {
  const leaf = leaves.get(verb);
  if (leaf === undefined) {
    return undefined;
  }
  // RFC 9110 9.3.2: HEAD is GET without content.
  const found =
    leaf.get(httpMethod) ?? (httpMethod === "HEAD" ? leaf.get("GET") : undefined) ?? leaf.get("*");
  if (found === undefined) {
    for (const method of leaf.keys()) {
      allowed.push(method);
      if (method === "GET") {
        allowed.push("HEAD");
      }
    }
    return undefined;
  }
  return { route: found.route, captures: found.capture(segments) };
}

/** Compiles what returns the raw text of the variables of a template. */
function compileCapture({ template }: HttpBinding): (segments: readonly string[]) => string[] {
  const doubleStar = template.segments.findIndex(({ kind }) => kind === "**");
  const end = doubleStar === -1 ? Number.POSITIVE_INFINITY : doubleStar;
  return function capture(segments) {
    // Number of segments that the path has more than the template, where `**` counts as one.
    const extra = segments.length - template.segments.length;
    return template.variables.map((variable) => {
      const from = variable.start > end ? variable.start + extra : variable.start;
      const to = variable.end > end ? variable.end + extra : variable.end;
      return to - from === 1 ? (segments[from] as string) : segments.slice(from, to).join("/");
    });
  };
}
