import type { DescMessage, Message } from "@bufbuild/protobuf";
import { type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";
import type { FieldViolation } from "../contract/field-violation.ts";
import { isTimestamp } from "../contract/instant.ts";

/** Reports every Timestamp of a message that is none, each with its path below `path`. */
export type TimestampRules = (message: Message, path: string) => FieldViolation[];

/** Returns paths, relative to the message and each with a leading dot, of the Timestamps in it that are none. */
type Search = (message: Record<string, unknown>) => string[];

const nothing: string[] = [];

/**
 * Compiles the check for a message type. Binary carries any seconds and nanoseconds; a time before the year 1 or
 * after 9999 could be stored but never be written as JSON. No `buf.validate` rule sees nanoseconds.
 */
export function createTimestampRules(desc: DescMessage): TimestampRules {
  const search = compile(desc, new Map());
  return (message, path) =>
    search(message as unknown as Record<string, unknown>).map((found) => ({
      field: `${path}${found}`,
      description: "must be a time from year 1 to 9999, with 0 to 999999999 nanoseconds",
    }));
}

function compile(desc: DescMessage, known: Map<DescMessage, Search>): Search {
  const earlier = known.get(desc);
  if (earlier !== undefined) {
    return earlier;
  }
  const searches: Search[] = [];
  // Paths are put together on the way back, so that a valid message costs no more than the visit.
  const search: Search = (message) => {
    let found = nothing;
    for (const each of searches) {
      const here = each(message);
      found = here.length === 0 ? found : [...found, ...here];
    }
    return found;
  };
  known.set(desc, search);
  for (const field of desc.fields) {
    if (field.message !== undefined && reachesTimestamp(field.message, new Set())) {
      const inner =
        field.message.typeName === TimestampSchema.typeName ? visit : compile(field.message, known);
      searches.push(searchField(field.localName, field.jsonName, inner));
    }
  }
  return search;
}

function searchField(localName: string, jsonName: string, inner: Search): Search {
  return (message) => {
    const value = message[localName];
    if (!Array.isArray(value)) {
      const found = value === undefined ? nothing : inner(value as Record<string, unknown>);
      return found.length === 0 ? nothing : found.map((path) => `.${jsonName}${path}`);
    }
    let found = nothing;
    for (let index = 0; index < value.length; index++) {
      const here = inner(value[index] as Record<string, unknown>);
      found = here.length === 0 ? found : [...found, ...here.map((path) => `.${jsonName}[${index}]${path}`)];
    }
    return found;
  };
}

function visit(message: Record<string, unknown>): string[] {
  return isTimestamp(message as unknown as Timestamp) ? nothing : [""];
}

function reachesTimestamp(desc: DescMessage, seen: Set<DescMessage>): boolean {
  if (desc.typeName === TimestampSchema.typeName) {
    return true;
  }
  if (seen.has(desc)) {
    return false;
  }
  seen.add(desc);
  return desc.fields.some(({ message }) => message !== undefined && reachesTimestamp(message, seen));
}
