import { fallBack } from "./fall-back.ts";
import { isPlainObject, type JsonInput } from "./json-input.ts";

// Maps: protobuf-es has them as objects whose properties are the keys.

/** Adds an entry that was decoded. Leaves to protobuf-es a key that occurs again or is not a plain property. */
export function setEntry<T>(
  map: { [key: string]: T },
  key: string | number | bigint | boolean,
  value: T,
): void {
  const name = String(key);
  if (name === "__proto__" || Object.hasOwn(map, name)) {
    fallBack();
  }
  map[name] = value;
}

export function boolKey(name: string): boolean {
  return name === "true" ? true : name === "false" ? false : fallBack();
}

const integer = /^(?:0|-?[1-9]\d{0,19})$/;

export function integerKey(name: string): number {
  return integer.test(name) ? Number(name) : fallBack();
}

/** Returns the integer of 64 bits that a key, or a field with `jstype = JS_STRING`, has as text. */
export function longKey(name: string): bigint {
  return typeof name === "string" && integer.test(name) ? BigInt(name) : fallBack();
}

const ranges = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
} as const;

function isKey(name: string, kind: keyof typeof ranges | "string" | "bool"): boolean {
  switch (kind) {
    case "string":
      return name.isWellFormed() && name !== "__proto__";
    case "bool":
      return name === "true" || name === "false";
    default: {
      const [least, most] = ranges[kind];
      return integer.test(name) && BigInt(name) >= least && BigInt(name) <= most;
    }
  }
}

/** Returns the entries of a JSON object that is a map. */
export function entriesOf(
  input: JsonInput,
  json: unknown,
  most: number,
  kind: keyof typeof ranges | "string" | "bool",
): [string, unknown][] {
  if (!isPlainObject(json)) {
    fallBack();
  }
  const names = Object.keys(json);
  if (names.length > most || !names.every((name) => isKey(name, kind))) {
    fallBack();
  }
  input.keys += names.length;
  return names.map((name) => [name, json[name]]);
}

/** Returns the items of a JSON array that is a list. */
export function listOf(json: unknown, most: number): readonly unknown[] {
  return Array.isArray(json) && json.length <= most ? json : fallBack();
}

/** Returns the list of a message. What is not an array is left to protobuf-es. */
export function listIn<T>(list: readonly T[]): readonly T[] {
  return Array.isArray(list) ? list : fallBack();
}
