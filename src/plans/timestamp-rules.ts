import type { DescMessage, Message } from "@bufbuild/protobuf";
import { type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";
import type { FieldViolation } from "../contract/field-violation.ts";

/** Returns a violation for each invalid Timestamp in a message, at any depth. */
export type TimestampRules = (message: Message) => FieldViolation[];

/** Returns the paths of the invalid Timestamps in a message, each with a leading dot: `.plans[1].expirationTime`. */
type Search = (message: Record<string, unknown>) => string[];

const nothing: string[] = [];

/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z: the range of google.protobuf.Timestamp, in seconds. */
const firstSecond = -62_135_596_800;
const lastSecond = 253_402_300_799;

/**
 * Compiles the check for a message type. Binary messages can contain any seconds and nanoseconds, and a time outside
 * the years 1 to 9999 could be stored but never written as JSON. `buf.validate` rules cannot see nanoseconds.
 */
export function createTimestampRules(desc: DescMessage): TimestampRules {
  const search = compile(desc, new Map());
  return function checkTimestamps(message) {
    return search(message as unknown as Record<string, unknown>).map((path) => ({
      field: path.slice(1),
      description: "must be a time from year 1 to 9999, with 0 to 999999999 nanoseconds",
    }));
  };
}

function compile(desc: DescMessage, known: Map<DescMessage, Search>): Search {
  const earlier = known.get(desc);
  if (earlier !== undefined) {
    return earlier;
  }
  const searches: Search[] = [];
  function searchMessage(message: Record<string, unknown>): string[] {
    let found = nothing;
    for (const search of searches) {
      const here = search(message);
      found = here.length === 0 ? found : [...found, ...here];
    }
    return found;
  }
  known.set(desc, searchMessage);
  for (const field of desc.fields) {
    if (field.message !== undefined && reachesTimestamp(field.message, new Set())) {
      const isTime = field.message.typeName === TimestampSchema.typeName;
      const inner = isTime ? searchTimestamp : compile(field.message, known);
      searches.push(createFieldSearch(field.localName, field.jsonName, inner));
    }
  }
  return searchMessage;
}

// Paths are built on the way back, so that a valid message costs no strings.
function createFieldSearch(localName: string, jsonName: string, inner: Search): Search {
  return function searchField(message) {
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

function searchTimestamp(message: Record<string, unknown>): string[] {
  const { seconds, nanos } = message as unknown as Timestamp;
  const isValid = seconds >= firstSecond && seconds <= lastSecond && nanos >= 0 && nanos <= 999_999_999;
  return isValid ? nothing : [""];
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
