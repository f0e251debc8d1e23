import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { type FieldViolation, moreViolations } from "../../contract/field-violation.ts";
import { listLimitOf } from "../../plans/list-limits.ts";
import { createJsonReader, type JsonReader } from "../../transcoding/index.ts";
import { expectedTime, resolveTimes } from "./relative-times.ts";
import { isSameOrWithin, partsOfPath } from "./source-path.ts";

type Json = Record<string | number, unknown>;

/** A part of a scenario as a message, and what is wrong with it. */
export type ReadPart<D extends DescMessage> = {
  /** What is valid of it; undefined if nothing is. */
  readonly message: MessageShape<D> | undefined;
  readonly violations: readonly FieldViolation[];
};

/** Checks a message and returns the violations of its rules. */
export type CheckPart<D extends DescMessage> = (message: MessageShape<D>) => readonly FieldViolation[];

const readers = new WeakMap<DescMessage, JsonReader<DescMessage>>();

function readerOf<D extends DescMessage>(desc: D): JsonReader<D> {
  const known = readers.get(desc) ?? createJsonReader(desc, { listLimits: listLimitOf });
  readers.set(desc, known);
  return known as JsonReader<D>;
}

/**
 * Reads proto3 JSON with relative times as a message and checks it. Returns all violations at once: of values that cannot
 * be read, and of rules that the others break.
 */
export function readPart<D extends DescMessage>(
  desc: D,
  json: unknown,
  nowMs: number,
  check: CheckPart<D>,
): ReadPart<D> {
  const violations: FieldViolation[] = [];
  let rest = resolveTimes(desc, json, nowMs, violations);
  // Each time, what cannot be read is left out. What is left out last was read before.
  for (let attempt = 0; attempt < 3; attempt++) {
    // Duplicate keys were found when the text was parsed.
    const read = readerOf(desc)({ json: rest, text: "" });
    if ("message" in read) {
      const unread = violations.map(({ field }) => field);
      const broken = check(read.message).filter(
        ({ field }) => !unread.some((other) => isSameOrWithin(field, other)),
      );
      return { message: read.message, violations: [...violations, ...broken] };
    }
    violations.push(...read.violations.map(explainTime));
    rest = read.violations.reduce((kept, { field }) => without(kept, partsOfPath(field)), rest);
    if (read.violations.includes(moreViolations) || rest === undefined) {
      break;
    }
  }
  return { message: undefined, violations };
}

function explainTime({ field, description }: FieldViolation): FieldViolation {
  return description.startsWith("must be an RFC 3339 time")
    ? { field, description: `${description}, ${expectedTime}` }
    : { field, description };
}

/**
 * Returns a copy of JSON without the value at a path. The items of a list keep their places: an object takes the place
 * of an item that should be one, and a list of other items is left out. Returns undefined if nothing is left.
 */
function without(json: unknown, [first, ...rest]: readonly (string | number)[]): unknown {
  if (first === undefined || typeof json !== "object" || json === null || !Object.hasOwn(json, first)) {
    return undefined;
  }
  if (Array.isArray(json)) {
    if (rest.length === 0) {
      return typeof json[first as number] === "string" ? undefined : json.with(first as number, {});
    }
    const item = without(json[first as number], rest);
    return json.with(first as number, item ?? {});
  }
  const { [first]: value, ...others } = json as Json;
  const kept = rest.length === 0 ? undefined : without(value, rest);
  return kept === undefined ? others : { ...others, [first]: kept };
}
