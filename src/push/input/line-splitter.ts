import { crc32 } from "node:zlib";
import { maxStoredSize, type Position, type RawRecord } from "./record.ts";
import { hasByteOrderMark } from "./text/format.ts";

/** Splits an input into records as its bytes arrive. */
export type Splitter = {
  /** Takes the next bytes and returns the records that they complete. */
  push(chunk: Buffer): RawRecord[];
  /** Ends the input and returns the records that its end completes. */
  end(): RawRecord[];
};

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Creates the splitter for lines after `from`. Lines may end with CR LF; the last one may have no line break. Blank lines
 * are counted by the record after them, because a small compressed file can have hundreds of millions.
 */
export function createLineSplitter(from: Position): Splitter {
  let { index, end, crc } = from;
  let blankLines = 0;
  /** The incomplete line so far; empty if it is too long to store. */
  let pieces: Buffer[] = [];
  let length = 0;

  function take(bytes: Buffer): void {
    if (bytes.length > 0) {
      crc = crc32(bytes, crc);
      end += bytes.length;
    }
  }

  /** Ends a line whose bytes are taken. Returns undefined if it is blank. */
  function finish(text: Buffer, last: boolean): RawRecord | undefined {
    index += 1;
    const whole = length;
    length = 0;
    const problem = whole > maxStoredSize ? `is ${whole} bytes long` : undefined;
    const bytes = problem === undefined ? trim(text, index === 1) : Buffer.alloc(0);
    if (bytes.length === 0 && problem === undefined) {
      blankLines += 1;
      return undefined;
    }
    return record(bytes, { ...(problem !== undefined && { problem }), ...(last && { last: true }) });
  }

  function record(bytes: Buffer, more: Pick<RawRecord, "problem" | "last">): RawRecord {
    const before = blankLines;
    blankLines = 0;
    return { index, end, crc, bytes, ...(before > 0 && { blankLines: before }), ...more };
  }

  function join(piece: Buffer): Buffer {
    const joined = Buffer.concat([...pieces, piece]);
    pieces = [];
    return joined;
  }

  return {
    push(chunk) {
      const records: RawRecord[] = [];
      let taken = 0;
      let at = 0;
      while (at < chunk.length) {
        if (length === 0) {
          const text = skipLineBreaks(chunk, at, (lines) => {
            index += lines;
            blankLines += lines;
          });
          if (text > at) {
            at = text;
            continue;
          }
        }
        const found = chunk.indexOf(lineFeed, at);
        if (found === -1) {
          break;
        }
        const piece = chunk.subarray(at, found + 1);
        at = found + 1;
        length += piece.length;
        take(chunk.subarray(taken, at));
        taken = at;
        const line = finish(pieces.length === 0 ? piece : join(piece), false);
        if (line !== undefined) {
          records.push(line);
        }
      }
      take(chunk.subarray(taken));
      if (at < chunk.length) {
        const piece = chunk.subarray(at);
        length += piece.length;
        if (length > maxStoredSize) {
          pieces = [];
        } else {
          pieces.push(piece);
        }
      }
      return records;
    },
    end() {
      const last = length === 0 ? undefined : finish(join(Buffer.alloc(0)), true);
      if (last !== undefined) {
        return [last];
      }
      if (blankLines === 0) {
        return [];
      }
      blankLines -= 1;
      return [record(Buffer.alloc(0), {})];
    },
  };
}

/** Skips the blank lines at a place and passes their number on. Returns the place of the first other byte. */
export function skipLineBreaks(chunk: Buffer, start: number, skipped: (lines: number) => void): number {
  let at = start;
  let lines = 0;
  for (;;) {
    if (chunk[at] === lineFeed) {
      at += 1;
    } else if (chunk[at] === carriageReturn && chunk[at + 1] === lineFeed) {
      at += 2;
    } else {
      break;
    }
    lines += 1;
  }
  if (lines > 0) {
    skipped(lines);
  }
  return at;
}

function trim(line: Buffer, isFirst: boolean): Buffer {
  let end = line.length;
  if (line[end - 1] === lineFeed) {
    end -= 1;
    if (line[end - 1] === carriageReturn) {
      end -= 1;
    }
  }
  return line.subarray(isFirst && hasByteOrderMark(line) ? 3 : 0, end);
}
