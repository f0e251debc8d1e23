import type { DescMessage, Message } from "@bufbuild/protobuf";
import { StructSchema, type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";
import type { FieldViolation } from "../contract/field-violation.ts";
import { searchStruct } from "./struct-rules.ts";

/** Returns a violation for each value in a message that JSON cannot represent, at any depth. */
export type JsonRules = (message: Message) => FieldViolation[];

/** Returns the violations in a value. Their paths begin with a dot or bracket: `.plans[1].expirationTime`. */
type Search = (value: Record<string, unknown>) => FieldViolation[];

const nothing: FieldViolation[] = [];

const invalidTime: FieldViolation[] = [
  { field: "", description: "must be a time from year 1 to 9999, with 0 to 999999999 nanoseconds" },
];

/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z: the range of google.protobuf.Timestamp, in seconds. */
const firstSecond = -62_135_596_800;
const lastSecond = 253_402_300_799;

/** The types whose values are searched. protobuf-es stores a Struct as a JSON object. */
const searches: ReadonlyMap<string, Search> = new Map([
  [TimestampSchema.typeName, searchTimestamp as Search],
  [StructSchema.typeName, searchStruct as Search],
]);

/**
 * Compiles the check for a message type. Binary messages can contain times outside the years 1 to 9999, and numbers such
 * as NaN in a Struct, which could be stored but never written as JSON. `buf.validate` rules cannot see nanoseconds, nor
 * the values inside a Struct.
 */
export function createJsonRules(desc: DescMessage): JsonRules {
  const search = compile(desc, new Map());
  return function checkValues(message) {
    const found = search(message as unknown as Record<string, unknown>);
    return found.map(({ field, description }) => ({ field: field.slice(1), description }));
  };
}

function compile(desc: DescMessage, known: Map<DescMessage, Search>): Search {
  const earlier = searches.get(desc.typeName) ?? known.get(desc);
  if (earlier !== undefined) {
    return earlier;
  }
  const inFields: Search[] = [];
  function searchMessage(message: Record<string, unknown>): FieldViolation[] {
    let found = nothing;
    for (const search of inFields) {
      const here = search(message);
      found = here.length === 0 ? found : [...found, ...here];
    }
    return found;
  }
  known.set(desc, searchMessage);
  for (const field of desc.fields) {
    if (field.message !== undefined && isSearched(field.message, new Set())) {
      inFields.push(createFieldSearch(field.localName, field.jsonName, compile(field.message, known)));
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
      return within(`.${jsonName}`, found);
    }
    let found = nothing;
    for (let index = 0; index < value.length; index++) {
      const here = inner(value[index] as Record<string, unknown>);
      found = here.length === 0 ? found : [...found, ...within(`.${jsonName}[${index}]`, here)];
    }
    return found;
  };
}

function within(path: string, found: FieldViolation[]): FieldViolation[] {
  return found.length === 0
    ? nothing
    : found.map(({ field, description }) => ({ field: path + field, description }));
}

function searchTimestamp({ seconds, nanos }: Timestamp): FieldViolation[] {
  const isValid = seconds >= firstSecond && seconds <= lastSecond && nanos >= 0 && nanos <= 999_999_999;
  return isValid ? nothing : invalidTime;
}

/** Returns whether a message is one of the searched types or contains one. */
function isSearched(desc: DescMessage, seen: Set<DescMessage>): boolean {
  if (searches.has(desc.typeName)) {
    return true;
  }
  if (seen.has(desc)) {
    return false;
  }
  seen.add(desc);
  return desc.fields.some(({ message }) => message !== undefined && isSearched(message, seen));
}
