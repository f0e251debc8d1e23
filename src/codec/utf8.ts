import { NodeBuffer, type NodeBytes } from "./node-buffer.ts";

/** Up to this length a loop in JavaScript beats the call of a decoder or an encoder. */
export const shortText = 10;

/** Decodes the bytes of a text. Bytes that are not UTF-8 become U+FFFD. */
export const utf8Of: (bytes: Uint8Array, start: number, end: number) => string =
  NodeBuffer === undefined ? decodeWithStandard : decodeWithNode;

function decodeWithStandard(bytes: Uint8Array, start: number, end: number): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(start, end));
}

function decodeWithNode(bytes: Uint8Array, start: number, end: number): string {
  const { buffer, byteOffset, length } = bytes;
  return (NodeBuffer as NonNullable<typeof NodeBuffer>)
    .from(buffer, byteOffset, length)
    .toString("utf8", start, end);
}

/** Returns the text between two positions. Throws if the bytes are not UTF-8. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= shortText) {
    let text = "";
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte > 0x7f) {
        return textOfUtf8(bytes, start, end);
      }
      text += String.fromCharCode(byte);
    }
    return text;
  }
  return textOfUtf8(bytes, start, end);
}

const strictDecoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

function textOfUtf8(bytes: Uint8Array, start: number, end: number): string {
  const text = utf8Of(bytes, start, end);
  // The text itself may have this character.
  return text.includes("\ufffd") ? strictDecoder.decode(bytes.subarray(start, end)) : text;
}

const encoder = new TextEncoder();

/** Writes a text as UTF-8 at a position that has room for three bytes for each of its units. Returns the number of bytes. */
export const writeText: (bytes: Uint8Array, text: string, start: number) => number =
  NodeBuffer === undefined
    ? (bytes, text, start) => encoder.encodeInto(text, bytes.subarray(start)).written
    : (bytes, text, start) => (bytes as NodeBytes).write(text, start);
