import type { DescMessage } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import type { FieldViolation } from "../../contract/field-violation.ts";
import { camelKey, joinPath } from "./source-path.ts";

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const relative = /^(?:now|([+-])((?:\d{1,12}(?:ms|[smhdw]))+))$/;

/** What a time may be, as the end of a message. */
export const expectedTime =
  'or a time relative to the clock, such as "+20d", "-1h30m" or "now" (units: w, d, h, m, s, ms)';

/** Returns the milliseconds that a relative time such as `+1d12h` adds to the clock, or undefined for another text. */
export function parseRelativeTime(text: string): number | undefined {
  const match = relative.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, sign, parts = ""] = match;
  let total = 0;
  for (const [, count, unit = ""] of parts.matchAll(/(\d+)(ms|[smhdw])/g)) {
    total += Number(count) * (unitMs[unit] ?? 0);
  }
  return sign === "-" ? -total : total;
}

/** The fields of a message that are times, or messages with times inside. */
type TimeFields = ReadonlyMap<string, DescMessage>;

const known = new WeakMap<DescMessage, TimeFields>();

function timeFieldsOf(desc: DescMessage): TimeFields {
  const before = known.get(desc);
  if (before !== undefined) {
    return before;
  }
  const found = new Map<string, DescMessage>();
  // Set before its fields are searched, because a message may contain itself.
  known.set(desc, found);
  for (const { message, jsonName } of desc.fields) {
    const isTime = message?.typeName === TimestampSchema.typeName;
    if (message && (isTime || (!message.typeName.startsWith("google.") && timeFieldsOf(message).size > 0))) {
      found.set(jsonName, message);
    }
  }
  return found;
}

/**
 * Returns proto3 JSON of a message with its relative times replaced by those that they are at `nowMs`. Does not change the
 * given JSON: it may be resolved again. Adds violations for times outside the years 1 to 9999.
 */
export function resolveTimes(
  desc: DescMessage,
  json: unknown,
  nowMs: number,
  violations: FieldViolation[],
  path = "",
): unknown {
  if (Array.isArray(json)) {
    // A list in a list is an error for the reader, however deep it is.
    return json.map((item, index) =>
      Array.isArray(item) ? item : resolveTimes(desc, item, nowMs, violations, `${path}[${index}]`),
    );
  }
  if (desc.typeName === TimestampSchema.typeName) {
    return typeof json === "string" ? resolveTime(json, nowMs, violations, path) : json;
  }
  if (typeof json !== "object" || json === null) {
    return json;
  }
  const fields = timeFieldsOf(desc);
  let copy: Record<string, unknown> | undefined;
  for (const [key, value] of Object.entries(json)) {
    const inner = fields.get(camelKey(key));
    const resolved = inner ? resolveTimes(inner, value, nowMs, violations, joinPath(path, key)) : value;
    if (resolved !== value) {
      copy ??= { ...json };
      copy[key] = resolved;
    }
  }
  return copy ?? json;
}

function resolveTime(text: string, nowMs: number, violations: FieldViolation[], path: string): string | null {
  const added = parseRelativeTime(text);
  if (added === undefined) {
    return text;
  }
  const time = new Date(nowMs + added);
  const year = Number.isNaN(time.getTime()) ? 0 : time.getUTCFullYear();
  if (year < 1 || year > 9999) {
    violations.push({
      field: path,
      description: "must be a time from year 1 to 9999 once it is added to the clock",
    });
    return null;
  }
  return time.toISOString();
}
