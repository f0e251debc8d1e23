import type { Json, JsonObject } from "../../generate/describe/json.ts";

/** Reports a breaking change: where it is, and what changed. */
export type Report = (path: string, what: string) => void;

/** The values of both documents at one place; undefined where a document has none. */
export type Pair = { readonly before: Json; readonly after: Json };

export function objectOf(value: Json): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

export function listOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value as Json];
}

/** Returns whether two values are equal as JSON, regardless of the order of keys. */
export function isSame(one: Json, other: Json): boolean {
  return canonical(one) === canonical(other);
}

/** Returns the members of a list that another list lacks. */
export function lacking(list: Json, other: Json): Json[] {
  const there = new Set(listOf(other).map(canonical));
  return listOf(list).filter((value) => !there.has(canonical(value)));
}

export function shown(value: Json): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

function canonical(value: Json): string {
  return (
    JSON.stringify(value, (_, inner) =>
      typeof inner === "object" && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ) ?? ""
  );
}
