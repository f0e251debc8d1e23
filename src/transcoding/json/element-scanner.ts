const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * Returns the index of the byte behind the current element: a `,` or `]` of the array, or a `}` that closes nothing.
 * Returns -1 if the chunk ends first; the next call then continues with the next chunk.
 */
export type ElementScanner = (chunk: Uint8Array, start: number) => number;

/**
 * Creates a scanner for the elements of one JSON array in UTF-8 that arrives in chunks. It follows strings and brackets
 * only and does not validate the elements. Bytes suffice, because no byte of a multi-byte character is ASCII.
 *
 * With `endsEarly`, a string, array or object ends with its last byte, before the separator has arrived: the index is
 * that of whatever follows, or the length of the chunk.
 */
export function createElementScanner({ endsEarly = false } = {}): ElementScanner {
  let depth = 0;
  let inString = false;
  let escaped = false;

  return function findElementEnd(chunk, start) {
    for (let at = start; at < chunk.length; at++) {
      const byte = chunk[at];
      if (inString) {
        if (escaped) {
          escaped = false;
        } else if (byte === backslash) {
          escaped = true;
        } else if (byte === quote) {
          inString = false;
          if (endsEarly && depth === 0) {
            return at + 1;
          }
        }
      } else if (byte === quote) {
        inString = true;
      } else if (byte === openBrace || byte === openBracket) {
        depth += 1;
      } else if (byte === closeBrace || byte === closeBracket) {
        if (depth === 0) {
          return at;
        }
        depth -= 1;
        if (endsEarly && depth === 0) {
          return at + 1;
        }
      } else if (byte === comma && depth === 0) {
        return at;
      }
    }
    return -1;
  };
}
