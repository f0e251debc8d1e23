import { base64Encode } from "@bufbuild/protobuf/wire";
import { fallBack } from "./fall-back.ts";

// Each returns the JSON text of a value. A value that is not one of its type is left to protobuf-es.

export function writeString(value: string): string {
  return typeof value === "string" ? JSON.stringify(value) : fallBack();
}

/** Writes a value of google.protobuf.NullValue. */
export function writeNull(value: number): string {
  return typeof value === "number" ? "null" : fallBack();
}

export function writeBool(value: boolean): string {
  return typeof value === "boolean" ? (value ? "true" : "false") : fallBack();
}

/** Writes an integer of 32 bits. */
export function writeInteger(value: number): string {
  return Number.isInteger(value) ? `${value}` : fallBack();
}

/** Writes an integer of 64 bits, which is a string in JSON. */
export function writeLong(value: bigint): string {
  return typeof value === "bigint" ? `"${value}"` : fallBack();
}

/** Writes a float or a double. */
export function writeNumber(value: number): string {
  if (typeof value !== "number") {
    fallBack();
  }
  // JSON has no -0.
  return Number.isFinite(value) ? `${value}` : `"${value}"`;
}

export function writeBytes(value: Uint8Array): string {
  return value instanceof Uint8Array ? `"${base64Encode(value)}"` : fallBack();
}
