import {
  encodeSegment,
  type HttpBinding,
  type PathTemplate,
  type TemplateSegment,
} from "../../src/transcoding/index.ts";

/** Two bindings that match the same request. */
export type Overlap = { readonly one: HttpBinding; readonly other: HttpBinding; readonly path: string };

/** Returns each pair of bindings that can match the same request, with a path that both match. */
export function httpOverlaps(bindings: readonly HttpBinding[]): Overlap[] {
  return bindings.flatMap((one, index) =>
    bindings.slice(index + 1).flatMap((other) => {
      const path = haveSharedMethod(one, other) ? sharedPath(one.template, other.template) : undefined;
      return path === undefined ? [] : [{ one, other, path }];
    }),
  );
}

/** Describes a binding for people. */
export function describeBinding({ method, httpMethod, template }: HttpBinding): string {
  return `${method.parent.typeName}.${method.name}: ${httpMethod} ${template.source}`;
}

function haveSharedMethod(one: HttpBinding, other: HttpBinding): boolean {
  return one.httpMethod === other.httpMethod || one.httpMethod === "*" || other.httpMethod === "*";
}

/**
 * Returns a path that both templates match, or undefined if there is none. A template with a verb never overlaps with one
 * without: a colon in an id is percent-encoded.
 */
export function sharedPath(one: PathTemplate, other: PathTemplate): string | undefined {
  if (one.verb !== other.verb) {
    return undefined;
  }
  const shared = sharedSegments(one.segments, other.segments);
  if (shared === undefined || one.verb === undefined) {
    return shared && `/${shared.join("/")}`;
  }
  // No path is a verb alone. The two templates share only the root if both are `**`.
  const segments = shared.length === 0 ? ["x"] : shared;
  return `/${segments.join("/")}:${encodeSegment(one.verb)}`;
}

function sharedSegments(
  one: readonly TemplateSegment[],
  other: readonly TemplateSegment[],
): readonly string[] | undefined {
  const [first, ...rest] = one;
  const [second, ...others] = other;
  if (first?.kind === "**") {
    // `**` matches nothing here, or the next segment of the other template and perhaps more.
    const none = sharedSegments(rest, other);
    if (none !== undefined || second === undefined) {
      return none;
    }
    return second.kind === "**"
      ? sharedSegments(one, others)
      : before(textOf(second), sharedSegments(one, others));
  }
  if (second?.kind === "**") {
    return sharedSegments(other, one);
  }
  if (first === undefined || second === undefined) {
    return first === second ? [] : undefined;
  }
  if (first.kind === "literal" && second.kind === "literal" && first.text !== second.text) {
    return undefined;
  }
  return before(textOf(first.kind === "literal" ? first : second), sharedSegments(rest, others));
}

function before(segment: string, rest: readonly string[] | undefined): readonly string[] | undefined {
  return rest && [segment, ...rest];
}

/** Returns text that matches a segment. */
function textOf(segment: TemplateSegment): string {
  return segment.kind === "literal" ? encodeSegment(segment.text) : "x";
}
