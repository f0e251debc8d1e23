import { crc32 } from "node:zlib";
import { createElementScanner } from "../../transcoding/index.ts";
import type { Splitter } from "./line-splitter.ts";
import { maxStoredSize, type RawRecord } from "./record.ts";
import { hasByteOrderMark, isBlank } from "./text/format.ts";

const openBracket = 0x5b;
const closeBracket = 0x5d;
const closeBrace = 0x7d;

/**
 * Creates the splitter for one JSON array: each element is a record. It only looks at strings and brackets; the record
 * parser checks whether an element is JSON. A problem of the array itself becomes a record with a `problem`.
 */
export function createElementSplitter(): Splitter {
  const scan = createElementScanner();
  let index = 0;
  let end = 0;
  let crc = 0;
  let state: "before" | "inside" | "after" | "trailing" = "before";
  let pieces: Buffer[] = [];
  let length = 0;

  function take(piece: Buffer): void {
    crc = crc32(piece, crc);
    end += piece.length;
    length += piece.length;
    if (length > maxStoredSize) {
      pieces = [];
    } else {
      pieces.push(piece);
    }
  }

  function clear(): void {
    pieces = [];
    length = 0;
  }

  /** Completes an element. The last `separator` bytes belong to the array. */
  function finish(separator: number, problem?: string): RawRecord {
    index += 1;
    const text = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
    const bytes = asLine(text.subarray(0, Math.max(0, text.length - separator)));
    const found = length > maxStoredSize ? `is ${length} bytes long` : problem;
    clear();
    return { index, end, crc, bytes, ...(found !== undefined && { problem: found }) };
  }

  /** Returns the index behind the separator of the element that continues at `start`, or 0 if not in this chunk. */
  function endOfElement(chunk: Buffer, start: number): number {
    let at = scan(chunk, start);
    // A stray } belongs to the element: its parser rejects it.
    while (chunk[at] === closeBrace) {
      at = scan(chunk, at + 1);
    }
    return at + 1;
  }

  function pushInside(chunk: Buffer, at: number, records: RawRecord[]): number {
    const found = endOfElement(chunk, at);
    take(chunk.subarray(at, found === 0 ? chunk.length : found));
    if (found === 0) {
      return chunk.length;
    }
    const closes = chunk[found - 1] === closeBracket;
    const isEmpty =
      length <= maxStoredSize &&
      pieces.every((piece, number) => isOnlyBlank(piece, number === pieces.length - 1));
    if (isEmpty && closes && index === 0) {
      clear();
    } else {
      records.push(finish(1, isEmpty ? "is missing between two commas" : undefined));
    }
    state = closes ? "after" : "inside";
    return found;
  }

  return {
    push(chunk) {
      const records: RawRecord[] = [];
      for (let at = 0; at < chunk.length; ) {
        if (state === "inside") {
          at = pushInside(chunk, at, records);
        } else if (state === "before") {
          const open = chunk.indexOf(openBracket);
          take(chunk.subarray(0, open + 1));
          clear();
          at = open + 1;
          state = "inside";
        } else {
          const rest = chunk.subarray(at);
          if (state === "after" && !isOnlyBlank(rest, false)) {
            state = "trailing";
          }
          take(rest);
          at = chunk.length;
        }
      }
      return records;
    },
    end() {
      switch (state) {
        case "inside":
          return [{ ...finish(0, "is incomplete: the input ends inside the array"), last: true }];
        case "trailing":
          return [{ ...finish(0, "is text after the end of the array"), last: true }];
        default:
          return [];
      }
    },
  };
}

/** Whether a piece is white space only, except for its last byte if that is the separator. */
function isOnlyBlank(piece: Buffer, withSeparator: boolean): boolean {
  return piece.every((byte, place) => isBlank(byte) || (withSeparator && place === piece.length - 1));
}

/** Trims an element and replaces its line breaks, which are always white space: JSON strings cannot contain them. */
function asLine(text: Buffer): Buffer {
  let begin = hasByteOrderMark(text) ? 3 : 0;
  let end = text.length;
  while (isBlank(text[begin])) {
    begin += 1;
  }
  while (end > begin && isBlank(text[end - 1])) {
    end -= 1;
  }
  const trimmed = text.subarray(begin, end);
  if (!trimmed.includes(0x0a) && !trimmed.includes(0x0d)) {
    return trimmed;
  }
  return Buffer.from(trimmed.map((byte) => (byte === 0x0a || byte === 0x0d ? 0x20 : byte)));
}
