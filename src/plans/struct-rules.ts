import type { JsonObject } from "@bufbuild/protobuf";
import { type FieldViolation, quoteName } from "../contract/field-violation.ts";

/** Largest number of values of a google.protobuf.Struct, at all depths together. */
export const maxStructValues = 4_096;

/**
 * Deepest nesting of objects and arrays in a google.protobuf.Struct. Each level is three messages in binary, and many
 * decoders accept at most 100 messages inside each other: a request has three around the Struct.
 */
const maxStructDepth = 32;

/** The violation of a Struct that has more than {@link maxStructValues} values. */
export const tooManyValues = `must contain no more than ${maxStructValues} values`;

/** The violation of a Struct that is nested deeper than {@link maxStructDepth}. */
export const tooDeep = `must not be nested deeper than ${maxStructDepth} levels`;

/** Returns the first violation in a Struct, with its path: `["rate"][0]`. */
export function searchStruct(struct: JsonObject): FieldViolation[] {
  let values = 0;
  const found = search(struct, 1);
  return found === undefined ? [] : [found];

  function search(json: unknown, depth: number): FieldViolation | undefined {
    if (typeof json === "number" && !Number.isFinite(json)) {
      return { field: "", description: `must be a finite number, because JSON has no ${json}` };
    }
    if (typeof json !== "object" || json === null) {
      return undefined;
    }
    if (depth > maxStructDepth) {
      return { field: "", description: tooDeep };
    }
    const isArray = Array.isArray(json);
    values += isArray ? json.length : Object.keys(json).length;
    if (values > maxStructValues) {
      return { field: "", description: tooManyValues };
    }
    for (const [key, value] of Object.entries(json)) {
      const inner = search(value, depth + 1);
      if (inner !== undefined) {
        const at = isArray ? key : quoteName(key);
        return { field: isWhole(inner) ? "" : `[${at}]${inner.field}`, description: inner.description };
      }
    }
    return undefined;
  }
}

/** Violations of the whole Struct name the Struct and not the value where the limit was reached. */
function isWhole({ description }: FieldViolation): boolean {
  return description === tooManyValues || description === tooDeep;
}
