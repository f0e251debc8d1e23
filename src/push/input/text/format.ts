const openBracket = 0x5b;

const byteOrderMark = Buffer.from("\ufeff");

/** Whether bytes begin with the UTF-8 byte order mark, which some editors write. */
export function hasByteOrderMark(bytes: Uint8Array): boolean {
  return byteOrderMark.equals(bytes.subarray(0, 3));
}

/** Whether an input with this beginning is one JSON array. Otherwise each line is a record. */
export function isArrayHead(head: Uint8Array): boolean {
  const begin = hasByteOrderMark(head) ? 3 : 0;
  return head.subarray(begin).find((byte) => !isBlank(byte)) === openBracket;
}

/** Whether a byte is JSON white space. */
export function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Whether the format cannot be told yet: only white space, or part of a byte order mark. */
export function isBlankHead(head: Uint8Array): boolean {
  const mark = byteOrderMark.subarray(0, head.length);
  const begin = mark.equals(head.subarray(0, 3)) ? mark.length : 0;
  return head.subarray(begin).every(isBlank);
}
