import { base64Decode } from "@bufbuild/protobuf/wire";
import { fallBack } from "./fall-back.ts";
import { maxDepth } from "./limits.ts";

/** Whether a value is an object of JSON. Instances of classes are not: callers put them in the place of values. */
export function isPlainObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === "object" && json !== null && Object.getPrototypeOf(json) === Object.prototype;
}

/** State while reading a JSON value. */
export class JsonInput {
  /** Number of keys of objects so far. Callers compare it with the text to find duplicate keys. */
  keys = 0;
  /** Number of values in all Structs, Values and ListValues of the message so far. */
  structValues = 0;
  #depth = 0;

  /** Begins an object. */
  enter(json: unknown): asserts json is Readonly<Record<string, unknown>> {
    this.#depth += 1;
    if (!isPlainObject(json) || this.#depth > maxDepth) {
      fallBack();
    }
  }

  leave(): void {
    this.#depth -= 1;
  }
}

// Each returns the value that a JSON value stands for. A value that is not in its usual form is left to protobuf-es.

export function readString(json: unknown): string {
  return typeof json === "string" && json.isWellFormed() ? json : fallBack();
}

export function readBool(json: unknown): boolean {
  return typeof json === "boolean" ? json : fallBack();
}

export function readInt32(json: unknown): number {
  const value = (json as number) | 0;
  return typeof json === "number" && json === value ? value : fallBack();
}

export function readUint32(json: unknown): number {
  const value = (json as number) >>> 0;
  return typeof json === "number" && json === value ? value : fallBack();
}

export function readDouble(json: unknown): number {
  return typeof json === "number" && Number.isFinite(json) ? json : fallBack();
}

export function readFloat(json: unknown): number {
  const value = Math.fround(json as number);
  return typeof json === "number" && Number.isFinite(value) ? value : fallBack();
}

export function readInt64(json: unknown): bigint {
  if (typeof json === "string") {
    const value = integerOf(json, json.charCodeAt(0) === 0x2d ? 1 : 0);
    return value === BigInt.asIntN(64, value) ? value : fallBack();
  }
  return Number.isSafeInteger(json) ? BigInt(json as number) : fallBack();
}

export function readUint64(json: unknown): bigint {
  if (typeof json === "string") {
    const value = integerOf(json, 0);
    return value === BigInt.asUintN(64, value) ? value : fallBack();
  }
  return Number.isSafeInteger(json) && (json as number) >= 0 ? BigInt(json as number) : fallBack();
}

/** Most digits of an integer of 64 bits. */
const longDigits = 20;
/** Digits of integers that a double holds. They are faster to add up than to parse as a bigint. */
const safeDigits = 15;

/** Returns the integer that a text spells, whose digits begin at `start`. */
function integerOf(text: string, start: number): bigint {
  const count = text.length - start;
  const hasZeroInFront = text.charCodeAt(start) === 0x30 && text.length > 1;
  if (count === 0 || count > longDigits || hasZeroInFront) {
    fallBack();
  }
  let value = 0;
  for (let at = start; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (!(digit >= 0 && digit <= 9)) {
      fallBack();
    }
    value = value * 10 + digit;
  }
  return count > safeDigits ? BigInt(text) : BigInt(start === 0 ? value : -value);
}

const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

export function readBytes(json: unknown): Uint8Array {
  return typeof json === "string" && json.length % 4 === 0 && base64.test(json)
    ? base64Decode(json)
    : fallBack();
}
