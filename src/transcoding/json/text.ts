/** What can be told about a JSON text without parsing it. Of a text that is not JSON, the facts mean nothing. */
export type TextFacts = {
  /** Number of keys in its objects. */
  readonly keys: number;
  /** Deepest nesting of its arrays and objects. */
  readonly depth: number;
  /** Whether it may have a number of more than 15 digits or with an exponent. Never false if it has one. */
  readonly hasLongNumber: boolean;
};

const encoder = new TextEncoder();

/** Returns the facts of a text. */
export function factsOf(text: string): TextFacts {
  return factsOfBytes(encoder.encode(text));
}

/**
 * Returns the facts of a text by its bytes in UTF-8, in one pass: a byte costs half of what a character of a string does,
 * and each regular expression would be one more pass.
 */
export function factsOfBytes(bytes: Uint8Array): TextFacts {
  const { length } = bytes;
  let keys = 0;
  let depth = 0;
  let level = 0;
  let hasLongNumber = false;
  let at = 0;
  while (at < length) {
    let byte = bytes[at++] as number;
    if (byte === quote) {
      while (at < length) {
        byte = bytes[at++] as number;
        if (byte === quote) {
          break;
        }
        if (byte === backslash) {
          at += 1;
        }
      }
    } else if (byte === colon) {
      keys += 1;
    } else if (isDigit(byte)) {
      const start = at;
      while (at < length) {
        byte = bytes[at] as number;
        if (!isDigit(byte) && byte !== point) {
          break;
        }
        at += 1;
      }
      // All digits but the first are behind the start.
      if (at - start > 14 || (byte | lower) === letterE) {
        hasLongNumber = true;
      }
    } else if ((byte | lower) === openBrace) {
      level += 1;
      if (level > depth) {
        depth = level;
      }
    } else if ((byte | lower) === closeBrace) {
      level -= 1;
    }
  }
  return { keys, depth, hasLongNumber };
}

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;
const point = 0x2e;
const letterE = 0x65;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Makes an upper case letter lower case, and a bracket a brace. */
const lower = 0x20;

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/**
 * Returns a key that an object in the text has twice, or undefined. JSON.parse keeps the last value, other parsers the
 * first; the stored data must not depend on the parser.
 *
 * `keys` is the number of keys in the parsed value. If the text has as many, none was dropped, and the slow scan is rare.
 */
export function findDuplicateKey(
  text: string,
  keys: number,
  keysInText = factsOf(text).keys,
): string | undefined {
  return keysInText === keys ? undefined : scanForDuplicate(text);
}

function scanForDuplicate(text: string): string | undefined {
  const structure = /["{}[\]:]/g;
  const open: (Set<string> | undefined)[] = [];
  let lastString = '""';
  for (let found = structure.exec(text); found !== null; found = structure.exec(text)) {
    switch (found[0]) {
      case "{":
        open.push(new Set());
        break;
      case "[":
        open.push(undefined);
        break;
      case "}":
      case "]":
        open.pop();
        break;
      case ":": {
        const key = JSON.parse(lastString) as string;
        const keys = open.at(-1);
        if (keys?.has(key)) {
          return key;
        }
        keys?.add(key);
        break;
      }
      default:
        structure.lastIndex = endOfString(text, found.index);
        lastString = text.slice(found.index, structure.lastIndex);
    }
  }
  return undefined;
}

/** Returns the index behind a string, or 0 if it does not end. Not a regular expression: its stack would grow with the string. */
export function endOfString(text: string, start: number): number {
  let quote = start;
  let backslashes: number;
  do {
    quote = text.indexOf('"', quote + 1);
    backslashes = 0;
    while (text[quote - 1 - backslashes] === "\\") {
      backslashes += 1;
    }
  } while (backslashes % 2 === 1);
  return quote + 1;
}
