/** Values of JSON. Undefined stands for a member that is missing. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject | undefined;

export interface JsonObject {
  readonly [name: string]: Json;
}

/** Returns the value as an object; an empty one if it is none. */
export function objectOf(value: Json): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

/** Returns the items of a list, or the value itself as the only item. */
export function listOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value as Json];
}

export function textsOf(value: Json): string[] {
  return listOf(value).map(String);
}

/** Returns whether two values are equal as JSON, regardless of the order of keys. */
export function isSame(one: Json, other: Json): boolean {
  return canonical(one) === canonical(other);
}

/** Returns the items of a list that another list lacks. */
export function lacking(list: Json, other: Json): Json[] {
  const there = new Set(listOf(other).map(canonical));
  return listOf(list).filter((value) => !there.has(canonical(value)));
}

/** Returns the value as text: strings as they are, anything else as JSON. */
export function shown(value: Json): string | undefined {
  return value === undefined || typeof value === "string" ? value : JSON.stringify(value);
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
