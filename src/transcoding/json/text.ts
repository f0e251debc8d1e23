/** Deepest nesting that is parsed. Collecting the garbage of a chain of objects takes longer than parsing it. */
const maxNesting = 20_000;

/** Returns whether arrays and objects are nested too deep to be parsed. Costs nothing for short texts. */
export function isNestedTooDeep(text: string): boolean {
  if (text.length <= maxNesting) {
    return false;
  }
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = endOfString(text, at) - 1;
        // A string without its end: the parser reports it.
        if (at < 0) {
          return false;
        }
        break;
      case 0x5b: // [
      case 0x7b: // {
        depth += 1;
        if (depth > maxNesting) {
          return true;
        }
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth -= 1;
    }
  }
  return false;
}

const keyEnd = /"[ \t\r\n]*:/g;

/**
 * Returns a key that an object in the text has twice, or undefined. JSON.parse keeps the last value, other parsers the
 * first; the stored data must not depend on the parser.
 *
 * `keys` is the number of keys in the parsed value. Every key in the text matches `keyEnd`, so equal counts prove that
 * none was dropped, and the slow scan is rare.
 */
export function findDuplicateKey(text: string, keys: number): string | undefined {
  let places = 0;
  keyEnd.lastIndex = 0;
  while (keyEnd.test(text)) {
    places += 1;
  }
  return places === keys ? undefined : scanForDuplicate(text);
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
