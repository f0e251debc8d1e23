import {
  create,
  type DescMessage,
  type Message,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { type Timestamp, TimestampSchema, timestampFromMs } from "@bufbuild/protobuf/wkt";

/** A point in time: a Date, or milliseconds since the epoch. */
export type Moment = Date | number;

/** The fields of a message for `create` of protobuf-es, or the message, with a Date wherever a Timestamp may be. */
export type InitWithDates<M extends Message> =
  | M
  | { [P in keyof M as P extends `$${string}` ? never : P]?: ValueWithDates<M[P]> };

type ValueWithDates<V> = V extends Timestamp
  ? MessageInitShape<typeof TimestampSchema> | Date
  : V extends Message
    ? InitWithDates<V>
    : V extends (infer Item)[]
      ? ValueWithDates<Item>[]
      : V extends { case: infer Case; value: infer M extends Message }
        ? { case: Case; value: InitWithDates<M> }
        : V;

/**
 * Returns the milliseconds of a point in time since the epoch. Throws TypeError, which names the argument, for an invalid
 * Date and for anything else.
 */
export function msOf(moment: Moment, name: string): number {
  const ms = typeof moment === "number" || isDate(moment) ? Number(moment) : Number.NaN;
  if (!Number.isFinite(ms)) {
    throw new TypeError(`${name}: ${shown(moment)} must be a valid Date, or milliseconds since the epoch`);
  }
  return ms;
}

/**
 * Creates a message from fields that may have Dates in the place of Timestamps, at any depth. The fields do not change.
 *
 * Throws TypeError, which names the field, for a time that is neither a Date nor a Timestamp: protobuf-es would make 1970 of
 * most objects. A number is not a time, because it may be seconds or milliseconds.
 */
export function createWithDates<Desc extends DescMessage>(
  desc: Desc,
  init: InitWithDates<MessageShape<Desc>>,
): MessageShape<Desc> {
  return create(desc, withTimestamps(desc, init, "") as MessageInitShape<Desc>);
}

/** Returns a value of a message field with Timestamps for Dates. Copies only what changes. */
function withTimestamps(desc: DescMessage, value: unknown, path: string): unknown {
  if (desc.typeName === TimestampSchema.typeName) {
    return timestampOf(value, path);
  }
  if (!isObject(value)) {
    return value;
  }
  let fields = value;
  // No time of the contract is in a oneof or a map.
  for (const { localName, fieldKind, message } of desc.fields) {
    const before = fields[localName];
    if (message === undefined || before === undefined || before === null) {
      continue;
    }
    const at = path === "" ? localName : `${path}.${localName}`;
    const after =
      fieldKind === "list" ? itemsWithTimestamps(message, before, at) : withTimestamps(message, before, at);
    fields = after === before ? fields : { ...fields, [localName]: after };
  }
  return fields;
}

function itemsWithTimestamps(desc: DescMessage, list: unknown, path: string): unknown {
  if (!Array.isArray(list)) {
    return list;
  }
  const items = list.map((item, index) => withTimestamps(desc, item, `${path}[${index}]`));
  return items.some((item, index) => item !== list[index]) ? items : list;
}

function timestampOf(value: unknown, path: string): unknown {
  if (isDate(value) && !Number.isNaN(Number(value))) {
    return timestampFromMs(Number(value));
  }
  // A Timestamp, or its fields.
  if (isObject(value) && isPlain(value) && ("seconds" in value || "nanos" in value)) {
    return value;
  }
  const hint = typeof value === "number" ? ": write new Date(milliseconds)" : "";
  throw new TypeError(`${path}: ${shown(value)} must be a valid Date or a Timestamp${hint}`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** Also recognizes a Date of another realm, such as that of a test in jest. */
function isDate(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === "[object Date]";
}

/** Returns whether an object has no class, in this realm or another. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function shown(value: unknown): string {
  if (isDate(value)) {
    return "Invalid Date";
  }
  if (Array.isArray(value)) {
    return "an array";
  }
  // Not as text: an object may have none.
  if (typeof value === "function" || isObject(value)) {
    return typeof value === "function" ? "a function" : "an object";
  }
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
