import type { DescMessage, Message } from "@bufbuild/protobuf";
import { type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { isTimestamp } from "../contract/instant.ts";
import type { FieldViolation } from "../contract/refusal.ts";

/** Reports every Timestamp of a message that is none, each with its path. */
export type TimestampRules = (message: Message, path: string) => FieldViolation[];

type Visit = (message: Record<string, unknown>, path: string, found: FieldViolation[]) => void;

const compiled = new WeakMap<DescMessage, Visit>();

/**
 * Compiles the check for a message type. Binary carries any seconds and nanoseconds; a time before the year 1 or
 * after 9999 could be stored but never be written as JSON. No `buf.validate` rule sees nanoseconds.
 */
export function createTimestampRules(desc: DescMessage): TimestampRules {
  const visit = compile(desc);
  return (message, path) => {
    const found: FieldViolation[] = [];
    visit(message as unknown as Record<string, unknown>, path, found);
    return found;
  };
}

function compile(desc: DescMessage): Visit {
  const known = compiled.get(desc);
  if (known !== undefined) {
    return known;
  }
  const visits: Visit[] = [];
  const all: Visit = (message, path, found) => {
    for (const visit of visits) {
      visit(message, path, found);
    }
  };
  compiled.set(desc, all);
  for (const field of desc.fields) {
    if (field.message === undefined || !reachesTimestamp(field.message, new Set())) {
      continue;
    }
    const inner =
      field.message.typeName === TimestampSchema.typeName ? visitTimestamp : compile(field.message);
    visits.push((message, path, found) => {
      const value = message[field.localName];
      const here = path === "" ? field.jsonName : `${path}.${field.jsonName}`;
      if (Array.isArray(value)) {
        for (const [index, item] of value.entries()) {
          inner(item as Record<string, unknown>, `${here}[${index}]`, found);
        }
      } else if (value !== undefined) {
        inner(value as Record<string, unknown>, here, found);
      }
    });
  }
  return all;
}

const visitTimestamp: Visit = (message, path, found) => {
  if (!isTimestamp(message as unknown as Timestamp)) {
    found.push({
      field: path,
      description: "must be a time from year 1 to 9999, with 0 to 999999999 nanoseconds",
    });
  }
};

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
