import { type DescEnum, type DescField, ScalarType } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { createSuggestion } from "../../contract/unknown-names/did-you-mean.ts";
import { exactInteger, LongNumber } from "./long-number.ts";

/** The value read, or a description of what was expected instead. */
export type Read = { readonly value: unknown } | { readonly expected: string };

export type ValueReader = (json: unknown) => Read;

const int32: readonly [number, number] = [-0x80000000, 0x7fffffff];
const uint32: readonly [number, number] = [0, 0xffffffff];
const int64: readonly [bigint, bigint] = [-(2n ** 63n), 2n ** 63n - 1n];
const uint64: readonly [bigint, bigint] = [0n, 2n ** 64n - 1n];

/** Returns the reader of a scalar type, by the rules of proto3 JSON. */
export function scalarReader(field: DescField, scalar: ScalarType): ValueReader {
  switch (scalar) {
    case ScalarType.STRING:
      return readString;
    case ScalarType.BOOL:
      return (json) => (typeof json === "boolean" ? { value: json } : expected("true or false", json));
    case ScalarType.BYTES:
      return readBytes;
    case ScalarType.DOUBLE:
      return readDouble;
    case ScalarType.FLOAT:
      return readFloat;
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return integerReader(...int32);
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return integerReader(...uint32);
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return longReader(...int64, isLongAsString(field));
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return longReader(...uint64, isLongAsString(field));
  }
}

// With [jstype = JS_STRING], protobuf-es represents the number as a string.
function isLongAsString(field: DescField): boolean {
  return "longAsString" in field && field.longAsString === true;
}

/** Returns the reader of an enum. It accepts names and numbers; for an open enum any int32. */
export function enumReader(desc: DescEnum): ValueReader {
  const numbers = new Map(
    desc.values.flatMap(({ name, jsonName, number }) => [
      [jsonName, number],
      [name, number],
    ]),
  );
  const known = desc.open ? undefined : new Set(numbers.values());
  const names = desc.values.map(({ name }) => name);
  const list = names.length > 20 ? `${names.slice(0, 20).join(", ")}, …` : names.join(", ");
  const suggest = createSuggestion(names.filter((name) => !name.endsWith("_UNSPECIFIED")));
  const isNullValue = desc.typeName === "google.protobuf.NullValue";
  return function readEnum(json) {
    if (isNullValue && json === null) {
      return { value: 0 };
    }
    const number = typeof json === "string" ? numbers.get(json) : json;
    if (typeof number === "number" && number === (number | 0) && (known?.has(number) ?? true)) {
      return { value: number };
    }
    return {
      // Searched when it is shown: a request may have 100,000 names that are skipped.
      get expected() {
        return `must be one of ${list}${typeof json === "string" ? suggest(json) : ""}`;
      },
    };
  };
}

function expected(what: string, json: unknown): Read {
  return { expected: `must be ${what}, not ${kindOf(json)}` };
}

/** Returns whether a parsed JSON value is an object. */
export function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === "object" && json !== null && !Array.isArray(json) && !(json instanceof LongNumber);
}

/** Returns the kind of a JSON value in words, such as `an array`. */
export function kindOf(json: unknown): string {
  if (json === null) {
    return "null";
  }
  if (Array.isArray(json)) {
    return "an array";
  }
  return isObject(json) ? "an object" : json instanceof LongNumber ? "a number" : `a ${typeof json}`;
}

/** Reads a boolean from the text of a map key or of a URL. */
export function readBooleanText(text: unknown): Read {
  return text === "true" || text === "false"
    ? { value: text === "true" }
    : { expected: "must be true or false" };
}

function readString(json: unknown): Read {
  if (typeof json !== "string") {
    return expected("a string", json);
  }
  // An unpaired surrogate cannot be encoded in UTF-8 and would be stored as another character.
  return json.isWellFormed()
    ? { value: json }
    : { expected: "must be valid Unicode: it has an unpaired surrogate" };
}

const base64 = /^(?:[A-Za-z0-9+/_-]+={0,2})?$/;

function readBytes(json: unknown): Read {
  if (typeof json !== "string") {
    return expected("a base64 string", json);
  }
  if (base64.test(json)) {
    try {
      return { value: json === "" ? new Uint8Array(0) : base64Decode(json) };
    } catch {
      // Falls through: the length is not valid for base64.
    }
  }
  return { expected: "must be base64" };
}

const decimal = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

function readDouble(json: unknown): Read {
  if (json === "NaN" || json === "Infinity" || json === "-Infinity") {
    return { value: Number(json) };
  }
  const text = json instanceof LongNumber ? json.text : json;
  const number = typeof text === "string" && decimal.test(text) ? Number(text) : text;
  if (typeof number !== "number") {
    return expected("a number", json);
  }
  return Number.isFinite(number) ? { value: number } : { expected: "must be within the range of a double" };
}

/** Rounds to the precision of a float, so that the value is what its binary form holds. */
function readFloat(json: unknown): Read {
  const read = readDouble(json);
  if ("expected" in read) {
    return read;
  }
  const value = Math.fround(read.value as number);
  return Number.isFinite(value) || !Number.isFinite(read.value)
    ? { value }
    : { expected: "must be within the range of a float" };
}

function integerReader(least: number, most: number): ValueReader {
  const range = `an integer from ${least} to ${most}`;
  return function readInteger(json) {
    const number = typeof json === "number" ? json : Number(integerOf(json));
    const isValid = Number.isInteger(number) && number >= least && number <= most;
    // There is no -0 among integers.
    return isValid ? { value: number + 0 } : { expected: `must be ${range}` };
  };
}

function longReader(least: bigint, most: bigint, longAsString: boolean): ValueReader {
  const range = `an integer from ${least} to ${most}`;
  return function readLong(json) {
    if (typeof json === "number" && Number.isInteger(json) && !Number.isSafeInteger(json)) {
      // Only if the caller has parsed the JSON itself.
      return { expected: "must be written as a string: beyond 2^53 a JSON number loses digits" };
    }
    const value = Number.isSafeInteger(json) ? BigInt(json as number) : integerOf(json);
    if (value === undefined || value < least || value > most) {
      return { expected: `must be ${range}` };
    }
    return { value: longAsString ? value.toString() : value };
  };
}

const plainInteger = /^-?(?:0|[1-9]\d{0,19})$/;

/** Parses the text of an integer. Returns undefined for other texts and values. */
function integerOf(json: unknown): bigint | undefined {
  const text = json instanceof LongNumber ? json.text : json;
  if (typeof text !== "string") {
    return undefined;
  }
  return plainInteger.test(text) ? BigInt(text) : exactInteger(text);
}
