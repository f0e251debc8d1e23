import {
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  ScalarType,
} from "@bufbuild/protobuf";
import { hasCustomJsonRepresentation, isWrapperDesc } from "@bufbuild/protobuf/wkt";

/** A JSON number of 16 digits or with an exponent. Rare: most 64-bit integers are strings. */
const longNumber = /[:[,\s]-?\d[\d.]*(?:\d{15}|[eE])|^-?\d/;

/** Returns whether a JSON text may contain a number beyond 2^53, which JSON.parse rounds. */
export function mayHoldLongNumber(text: string): boolean {
  return longNumber.test(text);
}

/** Throws if a 64-bit field was written as a number that lost digits. */
type LongChecker = (json: JsonValue) => void;

const longs: ReadonlySet<ScalarType | undefined> = new Set([
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.SINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
]);

const checkers = new WeakMap<DescMessage, LongChecker>();

/** Returns the checker for a message, compiled once. Needed because protobuf-es accepts rounded numbers. */
export function compileLongChecker(desc: DescMessage): LongChecker {
  const known = checkers.get(desc);
  if (known !== undefined) {
    return known;
  }
  if (isWrapperDesc(desc)) {
    return longs.has(desc.fields[0].scalar) ? rejectRounded : () => {};
  }
  const fields = new Map<string, LongChecker>();
  const checker: LongChecker = function checkFields(json) {
    if (typeof json === "object" && json !== null && !Array.isArray(json)) {
      for (const [name, value] of Object.entries(json as JsonObject)) {
        fields.get(name)?.(value);
      }
    }
  };
  checkers.set(desc, checker);
  // Struct and similar types hold doubles, which may lose digits.
  for (const field of hasCustomJsonRepresentation(desc) ? [] : desc.fields) {
    const check = fieldChecker(field);
    if (check !== undefined) {
      fields.set(field.name, check).set(field.jsonName, check);
    }
  }
  return checker;
}

function fieldChecker(field: DescField): LongChecker | undefined {
  const single =
    field.message === undefined
      ? longs.has(field.scalar)
        ? rejectRounded
        : undefined
      : compileLongChecker(field.message);
  if (single === undefined || (field.fieldKind !== "list" && field.fieldKind !== "map")) {
    return single;
  }
  return function checkItems(json) {
    if (typeof json === "object" && json !== null) {
      Object.values(json).forEach(single);
    }
  };
}

function rejectRounded(json: JsonValue): void {
  if (typeof json === "number" && Number.isInteger(json) && !Number.isSafeInteger(json)) {
    throw new Error("a 64-bit integer beyond 2^53 is written as a number");
  }
}
