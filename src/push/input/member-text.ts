import { isBlank } from "./text/format.ts";

// What is sent to a server is taken from the text of the record, because parsing and writing it again would change what the
// contract does not know: the digits of numbers and the order of keys.

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/**
 * Returns the value of a member as it is written in a valid JSON object without duplicate keys, or undefined if no key
 * matches. `count`: number of its members, so that the last one need not be searched for its end.
 */
export function memberValue(
  object: Uint8Array,
  isKey: (key: string) => boolean,
  count: number,
): Buffer | undefined {
  const bytes = bufferOf(object);
  const member = findMember(bytes, isKey, count);
  return member && bytes.subarray(member.valueStart, member.valueEnd);
}

/** Returns a valid JSON object without duplicate keys as it is written, without one of its `count` members. */
export function withoutMember(object: Uint8Array, isKey: (key: string) => boolean, count: number): Buffer {
  const bytes = bufferOf(object);
  const begin = bytes.indexOf(openBrace);
  const end = bytes.lastIndexOf(closeBrace) + 1;
  const member = findMember(bytes, isKey, count);
  if (member === undefined) {
    return bytes.subarray(begin, end);
  }
  const isLast = member.end === end - 1;
  const isFirst = member.start === begin + 1;
  // The comma behind it goes too or, if there is none, the one before it.
  return Buffer.concat([
    bytes.subarray(begin, isLast && !isFirst ? member.start - 1 : member.start),
    bytes.subarray(isLast ? member.end : member.end + 1, end),
  ]);
}

/** Returns a valid JSON object without duplicate keys as it is written, with another value of one of its `count` members. */
export function withMember(
  object: Uint8Array,
  isKey: (key: string) => boolean,
  count: number,
  value: string,
): Buffer {
  const bytes = bufferOf(object);
  const member = findMember(bytes, isKey, count);
  return member === undefined
    ? bytes
    : Buffer.concat([
        bytes.subarray(0, member.valueStart),
        Buffer.from(value),
        bytes.subarray(member.valueEnd),
      ]);
}

type Member = {
  /** Behind the brace or the comma before it. */
  readonly start: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** Before the comma or the brace behind it. */
  readonly end: number;
};

function findMember(bytes: Buffer, isKey: (key: string) => boolean, count: number): Member | undefined {
  let start = bytes.indexOf(openBrace) + 1;
  for (let number = 1; number <= count; number++) {
    const keyStart = skipBlanks(bytes, start);
    const keyEnd = endOfString(bytes, keyStart);
    const valueStart = skipBlanks(bytes, skipBlanks(bytes, keyEnd) + 1);
    const end = number === count ? bytes.lastIndexOf(closeBrace) : endOfValue(bytes, valueStart);
    if (isKey(JSON.parse(bytes.toString("utf8", keyStart, keyEnd)))) {
      let valueEnd = end;
      while (isBlank(bytes[valueEnd - 1])) {
        valueEnd -= 1;
      }
      return { start, valueStart, valueEnd, end };
    }
    start = end + 1;
  }
  return undefined;
}

/** Returns the index of the comma or the bracket behind the value at a place. */
function endOfValue(bytes: Buffer, start: number): number {
  let depth = 0;
  for (let at = start; at < bytes.length; at++) {
    switch (bytes[at]) {
      case quote:
        at = endOfString(bytes, at) - 1;
        break;
      case openBrace:
      case openBracket:
        depth += 1;
        break;
      case closeBrace:
      case closeBracket:
        if (depth === 0) {
          return at;
        }
        depth -= 1;
        break;
      case comma:
        if (depth === 0) {
          return at;
        }
        break;
    }
  }
  return bytes.length;
}

/** Returns the index behind the string that begins at a place. */
function endOfString(bytes: Buffer, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== quote) {
    at += bytes[at] === backslash ? 2 : 1;
  }
  return at + 1;
}

function skipBlanks(bytes: Buffer, start: number): number {
  let at = start;
  while (isBlank(bytes[at])) {
    at += 1;
  }
  return at;
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
