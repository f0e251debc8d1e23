import { createElementScanner } from "../../transcoding/index.ts";

/** A member of a JSON object, as it is written: `"planId" : "p"`. */
export type RawMember = { readonly key: string; readonly text: string; readonly value: string };

const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * Returns the members of a valid JSON object. What is sent to a server is taken from the text of the record, because
 * parsing and writing it again would change what the contract does not know: the digits of numbers and the order of keys.
 */
export function rawMembers(object: Uint8Array): RawMember[] {
  const bytes = Buffer.from(object.buffer, object.byteOffset, object.byteLength);
  const members: RawMember[] = [];
  for (let at = bytes.indexOf(openBrace) + 1, end = at; bytes[end] !== closeBrace; at = end + 1) {
    end = createElementScanner()(bytes, at);
    const keyEnd = createElementScanner({ endsEarly: true })(bytes, at);
    if (end < 0 || keyEnd >= end) {
      break;
    }
    members.push({
      key: JSON.parse(bytes.toString("utf8", at, keyEnd)) as string,
      text: bytes.toString("utf8", at, end),
      value: bytes.toString("utf8", bytes.indexOf(":", keyEnd) + 1, end).trim(),
    });
  }
  return members;
}
