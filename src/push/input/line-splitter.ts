import { crc32 } from "node:zlib";
import { hasByteOrderMark } from "./format.ts";
import { maxStoredSize, type Position, type RawRecord } from "./record.ts";

/** Splits an input into records as its bytes arrive. */
export type Splitter = {
  /** Takes the next bytes and returns the records that they complete. */
  push(chunk: Buffer): RawRecord[];
  /** Ends the input and returns the records that its end completes. */
  end(): RawRecord[];
};

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Creates the splitter for lines after `from`. Lines may end with CR LF; the last one may have no line break. */
export function createLineSplitter(from: Position): Splitter {
  let { index, end, crc } = from;
  /** The incomplete line so far; empty if it is too long to store. */
  let pieces: Buffer[] = [];
  let length = 0;

  function finish(text: Buffer, last: boolean): RawRecord {
    index += 1;
    end += length;
    const whole = length;
    length = 0;
    const problem = whole > maxStoredSize ? `is ${whole} bytes long` : undefined;
    const bytes = problem === undefined ? trim(text, index === 1) : Buffer.alloc(0);
    return { index, end, crc, bytes, ...(problem !== undefined && { problem }), ...(last && { last: true }) };
  }

  function take(piece: Buffer): void {
    crc = crc32(piece, crc);
    length += piece.length;
  }

  function join(piece: Buffer): Buffer {
    const joined = Buffer.concat([...pieces, piece]);
    pieces = [];
    return joined;
  }

  return {
    push(chunk) {
      const records: RawRecord[] = [];
      let at = 0;
      for (let found = chunk.indexOf(lineFeed); found !== -1; found = chunk.indexOf(lineFeed, at)) {
        const piece = chunk.subarray(at, found + 1);
        at = found + 1;
        take(piece);
        records.push(finish(pieces.length === 0 ? piece : join(piece), false));
      }
      if (at < chunk.length) {
        const piece = chunk.subarray(at);
        take(piece);
        if (length > maxStoredSize) {
          pieces = [];
        } else {
          pieces.push(piece);
        }
      }
      return records;
    },
    end: () => (length === 0 ? [] : [finish(join(Buffer.alloc(0)), true)]),
  };
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
