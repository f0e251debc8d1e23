import { NodeBuffer, type NodeBytes } from "./node-buffer.ts";

/** Up to this length a loop in JavaScript beats the call of a decoder or an encoder. */
export const shortText = 10;

/** Returns bytes, perhaps as another object, from which the functions below decode texts. */
export function textBytesOf(bytes: Uint8Array): Uint8Array {
  return NodeBuffer === undefined || NodeBuffer.isBuffer(bytes)
    ? bytes
    : NodeBuffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Decodes a text in bytes of `textBytesOf`. Bytes that are not UTF-8 become U+FFFD. */
const utf8Of: (bytes: Uint8Array, start: number, end: number) => string =
  NodeBuffer === undefined
    ? (bytes, start, end) => decoder.decode(bytes.subarray(start, end))
    : (bytes, start, end) => (bytes as NodeBytes).toString("utf8", start, end);

const strictDecoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/** Returns the text in bytes of `textBytesOf`. Throws if they are not UTF-8. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  const text = utf8Of(bytes, start, end);
  // The text itself may have this character.
  return text.includes("\ufffd") ? strictDecoder.decode(bytes.subarray(start, end)) : text;
}

/** Returns the text of a few bytes; undefined if they are not ASCII. */
export function shortTextOf(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = "";
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte > 0x7f) {
      return undefined;
    }
    text += String.fromCharCode(byte);
  }
  return text;
}

const encoder = new TextEncoder();

/** Writes a text as UTF-8 at a position that has room for three bytes for each of its units. Returns the number of bytes. */
export const writeText: (bytes: Uint8Array, text: string, start: number) => number =
  NodeBuffer === undefined
    ? (bytes, text, start) => encoder.encodeInto(text, bytes.subarray(start)).written
    : (bytes, text, start) => (bytes as NodeBytes).write(text, start);
