import { create, type DescMessage, fromJson, type JsonValue, type Message } from "@bufbuild/protobuf";
import {
  AnySchema,
  DurationSchema,
  hasCustomJsonRepresentation,
  isWrapperDesc,
  ListValueSchema,
  StructSchema,
  TimestampSchema,
  ValueSchema,
  type WktWrapperDesc,
} from "@bufbuild/protobuf/wkt";
import { parseDuration } from "../../codec/duration.ts";
import { parseTimestamp } from "../../codec/timestamp.ts";
import type { ListLimit } from "../../contract/field-violation.ts";
import { anyReader } from "./any-reader.ts";
import type { OpenMessage } from "./assign.ts";
import { LongNumber } from "./long-number.ts";
import { type MessageReader, maxDepth, type ReadingState } from "./reading-state.ts";
import { kindOf, scalarReader } from "./scalar.ts";

/**
 * Returns the reader of a message whose JSON is not an object of its fields; undefined for all other messages.
 * `readerOf` returns the reader of the message inside an Any.
 */
export function wellKnownReader(
  desc: DescMessage,
  readerOf: (desc: DescMessage) => MessageReader,
): MessageReader | undefined {
  if (desc.typeName === TimestampSchema.typeName) {
    return textReader(
      parseTimestamp,
      'must be an RFC 3339 time that exists, with Z or an offset, such as "2026-01-31T08:00:00Z"',
    );
  }
  if (desc.typeName === DurationSchema.typeName) {
    return textReader(parseDuration, 'must be a duration such as "1.5s", of at most 315576000000 seconds');
  }
  if (isWrapperDesc(desc)) {
    return wrapperReader(desc);
  }
  if (desc.typeName === AnySchema.typeName) {
    return anyReader(readerOf);
  }
  if (!hasCustomJsonRepresentation(desc)) {
    return undefined;
  }
  return function readWellKnown(given, path, state) {
    const json = given instanceof LongNumber ? given.value : given;
    const limit = state.listLimits?.(StructSchema.field.fields);
    const problem = problemOf(json, state, { limit, values: 0 }, 0);
    if (problem !== undefined) {
      return state.violations.add(path, problem);
    }
    try {
      const { registry } = state;
      return fromJson(desc, json as JsonValue, registry && { registry });
    } catch {
      return state.violations.add(path, expectedOf(desc, json));
    }
  };
}

/** Returns what was expected of a value that protobuf-es did not read. */
function expectedOf({ typeName }: DescMessage, json: unknown): string {
  const container = { [StructSchema.typeName]: "an object", [ListValueSchema.typeName]: "an array" }[
    typeName
  ];
  const kind = kindOf(json);
  if (container !== undefined && container !== kind) {
    return `must be ${container}, not ${kind}`;
  }
  return container === undefined && typeName !== ValueSchema.typeName
    ? `must be the JSON form of ${typeName}`
    : `must not be nested so deep: it is more than ${maxDepth} messages in binary`;
}

function textReader(parse: (text: string) => Message | undefined, expected: string): MessageReader {
  return function readText(json, path, { violations }) {
    const message = typeof json === "string" ? parse(json) : undefined;
    return message ?? violations.add(path, expected);
  };
}

function wrapperReader(desc: WktWrapperDesc): MessageReader {
  const [field] = desc.fields;
  const readValue = scalarReader(field, field.scalar);
  return function readWrapper(json, path, { violations }) {
    const read = readValue(json);
    if ("expected" in read) {
      return violations.add(path, read.expected);
    }
    const message = create(desc) as OpenMessage;
    message[field.localName] = read.value;
    return message;
  };
}

/** The values that were found, at all depths, and how many are allowed: each becomes an object of a hundred bytes or more. */
type ValueCount = { readonly limit: ListLimit | undefined; values: number };

/**
 * Returns a problem that protobuf-es ignores on reading but rejects on writing, and counts keys and values. Replaces
 * numbers of any length by doubles, because these types hold doubles.
 */
function problemOf(json: unknown, state: ReadingState, count: ValueCount, depth: number): string | undefined {
  if (typeof json === "string") {
    return json.isWellFormed() ? undefined : "must be valid Unicode: it has an unpaired surrogate";
  }
  if (typeof json === "number") {
    return Number.isFinite(json) ? undefined : "must be within the range of a double";
  }
  if (typeof json !== "object" || json === null) {
    return undefined;
  }
  if (depth > maxDepth) {
    return `must not be nested deeper than ${maxDepth} levels`;
  }
  const isArray = Array.isArray(json);
  // Counted before the entries are listed, which takes more memory than the values.
  count.values += isArray ? json.length : Object.keys(json).length;
  if (count.limit !== undefined && count.values > count.limit.most) {
    return count.limit.description;
  }
  for (const [key, value] of Object.entries(json)) {
    state.keys += isArray ? 0 : 1;
    if (value instanceof LongNumber) {
      (json as Record<string, unknown>)[key] = value.value;
      continue;
    }
    const problem = problemOf(key, state, count, depth + 1) ?? problemOf(value, state, count, depth + 1);
    if (problem !== undefined) {
      return problem;
    }
  }
  return undefined;
}
