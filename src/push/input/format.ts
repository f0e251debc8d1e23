const blanks: readonly number[] = [0x20, 0x09, 0x0a, 0x0d];
const openBracket = 0x5b;

/** The byte order mark of UTF-8, which some editors write. */
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Says whether bytes begin with a byte order mark. */
export function hasByteOrderMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

/** Says whether an input that begins so is one JSON array; otherwise each line is a record. */
export function isArrayHead(head: Uint8Array): boolean {
  const begin = hasByteOrderMark(head) ? 3 : 0;
  const first = head.subarray(begin).find((byte) => !blanks.includes(byte));
  return first === openBracket;
}

/** Says whether a byte is white space of JSON. */
export function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Says whether nothing that tells the format has come yet: white space, or part of a byte order mark. */
export function isBlankHead(head: Uint8Array): boolean {
  const mark = byteOrderMark.subarray(0, head.length);
  const begin = mark.equals(head.subarray(0, 3)) ? mark.length : 0;
  return head.subarray(begin).every(isBlank);
}
