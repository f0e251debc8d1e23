import { type DescEnum, type DescField, ScalarType } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import type { Json, JsonObject } from "../describe/json.ts";
import { asObject } from "./validation-rules.ts";

/** Converts the value of one rule to equivalent keywords of JSON Schema or, if there are none, to weaker ones. */
type Translation = (value: Json, enumeration: DescEnum | undefined) => JsonObject;

const oneOf: Translation = (values) => ({ enum: values });
const noneOf: Translation = (values) => ({ not: { enum: values } });
const exactly: Translation = (value) => ({ const: value });
const ifTrue =
  (keywords: JsonObject): Translation =>
  (value) =>
    value === true ? keywords : {};

// JSON Schema counts characters. A character takes one to four bytes, which bounds the number of characters.
const stringRules: Readonly<Record<string, Translation>> = {
  const: exactly,
  minBytes: (value) => ({ minLength: Math.ceil(Number(value) / 4) }),
  maxBytes: (value) => ({ maxLength: Number(value) }),
  lenBytes: (value) => ({ minLength: Math.ceil(Number(value) / 4), maxLength: Number(value) }),
  minLen: (value) => ({ minLength: Number(value) }),
  maxLen: (value) => ({ maxLength: Number(value) }),
  len: (value) => ({ minLength: Number(value), maxLength: Number(value) }),
  pattern: (value) => (isSharedSyntax(value) ? { pattern: escaped(String(value)) } : {}),
  in: oneOf,
  notIn: noneOf,
  email: ifTrue({ format: "email" }),
  hostname: ifTrue({ format: "hostname" }),
  ipv4: ifTrue({ format: "ipv4" }),
  ipv6: ifTrue({ format: "ipv6" }),
  uri: ifTrue({ format: "uri" }),
  uriRef: ifTrue({ format: "uri-reference" }),
  uuid: ifTrue({ format: "uuid" }),
};

const numberRules: Readonly<Record<string, Translation>> = {
  const: exactly,
  lt: (value) => ({ exclusiveMaximum: value }),
  lte: (value) => ({ maximum: value }),
  gt: (value) => ({ exclusiveMinimum: value }),
  gte: (value) => ({ minimum: value }),
  in: oneOf,
  notIn: noneOf,
};

// 64-bit integers are strings: a pattern can express their sign but no other bound.
const longRules: Readonly<Record<string, Translation>> = {
  gt: (value) => unsigned(Number(value) >= -1),
  gte: (value) => unsigned(Number(value) >= 0),
};

const enumRules: Readonly<Record<string, Translation>> = {
  const: (value, enumeration) => ({ const: valueNames([value], enumeration)[0] }),
  in: (values, enumeration) => ({ enum: valueNames(values, enumeration) }),
  notIn: (values, enumeration) => ({ not: { enum: valueNames(values, enumeration) } }),
};

const translations: Readonly<Record<string, Readonly<Record<string, Translation>>>> = {
  string: stringRules,
  bool: { const: exactly },
  enum: enumRules,
  repeated: {
    minItems: (value) => ({ minItems: Number(value) }),
    maxItems: (value) => ({ maxItems: Number(value) }),
    unique: ifTrue({ uniqueItems: true }),
  },
  map: {
    minPairs: (value) => ({ minProperties: Number(value) }),
    maxPairs: (value) => ({ maxProperties: Number(value) }),
  },
  ...Object.fromEntries(
    ["float", "double", "int32", "sint32", "sfixed32", "uint32", "fixed32"].map((type) => [
      type,
      numberRules,
    ]),
  ),
  ...Object.fromEntries(
    ["int64", "sint64", "sfixed64", "uint64", "fixed64"].map((type) => [type, longRules]),
  ),
};

/**
 * Returns the keywords of JSON Schema that follow from `buf.validate` rules. A value that passes the rules satisfies
 * all keywords. The reverse does not hold, because JSON Schema has neither CEL nor lengths in bytes.
 */
export function constraintsOf(rules: JsonObject | undefined, enumeration?: DescEnum): JsonObject {
  // No keyword can exempt the zero value, so no keyword can apply to the other values.
  if (rules === undefined || rules.ignore !== undefined) {
    return {};
  }
  const keywords: Record<string, Json> = {};
  for (const [type, table] of Object.entries(translations)) {
    const typeRules = asObject(rules[type]);
    if (typeRules === undefined || isOutsideRange(typeRules)) {
      continue;
    }
    for (const [rule, translate] of Object.entries(table)) {
      if (typeRules[rule] !== undefined) {
        Object.assign(keywords, translate(typeRules[rule], enumeration));
      }
    }
  }
  return keywords;
}

/** Returns what `required` means for a field without presence: its value is not the zero value. */
export function nonZeroOf(field: DescField): JsonObject {
  if (field.fieldKind === "list") {
    return { minItems: 1 };
  }
  if (field.fieldKind === "map") {
    return { minProperties: 1 };
  }
  if (field.presence !== FeatureSet_FieldPresence.IMPLICIT) {
    return {};
  }
  if (field.fieldKind === "enum") {
    return { not: { enum: valueNames([0], field.enum) } };
  }
  const isText = field.scalar === ScalarType.STRING || field.scalar === ScalarType.BYTES;
  return isText ? { minLength: 1 } : {};
}

/** Returns whether the upper bound is below the lower one, which means that the value must be outside the two. */
function isOutsideRange(rules: JsonObject): boolean {
  const upper = rules.lt ?? rules.lte;
  const lower = rules.gt ?? rules.gte;
  return upper !== undefined && lower !== undefined && Number(upper) < Number(lower);
}

/** Returns whether a pattern of RE2, as in the rules, is also valid in JSON Schema: ECMAScript has no `(?i)` or `\\A`. */
function isSharedSyntax(pattern: Json): boolean {
  try {
    return new RegExp(String(pattern), "u") !== undefined;
  } catch {
    return false;
  }
}

/**
 * Writes characters that are not ASCII as escapes: generators copy patterns into source code, and compilers reject some
 * invisible characters there.
 */
function escaped(pattern: string): string {
  const escapeOf = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return pattern.replaceAll(/[\u007f-\ud7ff\ue000-\uffff]/g, escapeOf);
}

function unsigned(isUnsigned: boolean): JsonObject {
  return isUnsigned ? { pattern: "^[0-9]+$" } : {};
}

function valueNames(numbers: Json, enumeration: DescEnum | undefined): Json[] {
  if (!Array.isArray(numbers)) {
    return [];
  }
  return numbers.flatMap(
    (number: Json) => enumeration?.values.find((value) => value.number === number)?.name ?? [],
  );
}
