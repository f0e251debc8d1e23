import { isUtf8 } from "node:buffer";
import { crc32 } from "node:zlib";
import { type Splitter, skipLineBreaks } from "../line-splitter.ts";
import { maxSentSize, type Position, type RawRecord } from "../record.ts";
import { type Dialect, rowCells } from "../text/csv-cells.ts";
import type { RowWriter } from "./row-writer.ts";

export type RowSplitterOptions = {
  readonly dialect: Dialect;
  /** How many cells a row has. */
  readonly columns: number;
  readonly writer: RowWriter;
  /** Position behind the header. Its index is the number of lines of the header. */
  readonly from: Position;
};

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Longest row, in bytes: more cannot be sent. The search for the end of a quoted cell ends here. */
const maxRow = maxSentSize;

const badQuotes =
  'has quotes that are not closed, not at the ends of a cell, or not doubled as in "5"" display"';
const notUtf8 =
  "is not UTF-8: save the file as UTF-8, or state its encoding in a mapping file, such as encoding: windows-1252";

/**
 * Creates the splitter of the rows of a CSV file (RFC 4180), of which each becomes the JSON of a request. The number of a
 * record is that of its first line. A row that cannot be read is a record with a `problem`. If the quotes of a row are
 * wrong, only its first line belongs to it, so that no row after it is lost. The parsers on npm take all rows up to the next
 * quote into the same error, and do not say where in the bytes a run can be resumed.
 */
export function createRowSplitter({ dialect, columns, writer, from }: RowSplitterOptions): Splitter {
  const quote = dialect.quote.charCodeAt(0);
  /** Number of lines up to the end of the row before. */
  let lines = from.index;
  let { end, crc } = from;
  let blankLines = 0;
  /** Lines of the header or of the last row, except its first, which the next record counts. */
  let otherLines = lines;
  /** The bytes behind the last row. */
  let rest: Buffer = Buffer.alloc(0);
  /** Up to where the end of a row was searched in `rest`, and whether that place is within quotes. */
  let searched = 0;
  let isQuoted = false;
  /** Length of a line that is too long, as far as it was dropped; otherwise 0. */
  let dropped = 0;

  /** Returns the index behind the row at the beginning of `rest`, or -1 if its end has not arrived. */
  function endOfRow(): number {
    for (;;) {
      const mark = rest.indexOf(quote, searched);
      const next = isQuoted ? -1 : rest.indexOf(lineFeed, searched);
      if (next !== -1 && (mark === -1 || next < mark)) {
        return next + 1;
      }
      if (mark === -1) {
        searched = rest.length;
        return -1;
      }
      isQuoted = !isQuoted;
      searched = mark + 1;
    }
  }

  /** Removes bytes from the beginning of `rest`. */
  function take(length: number): Buffer {
    const bytes = rest.subarray(0, length);
    rest = rest.subarray(length);
    searched = 0;
    isQuoted = false;
    crc = crc32(bytes, crc);
    end += length;
    return bytes;
  }

  /** Returns a record whose last bytes are taken and that has a number of lines. */
  function record(lineCount: number, bytes: Uint8Array, more: Pick<RawRecord, "problem" | "row">): RawRecord {
    const index = lines + 1;
    const counts = { ...(blankLines > 0 && { blankLines }), ...(otherLines > 0 && { otherLines }) };
    lines += lineCount;
    otherLines = lineCount - 1;
    blankLines = 0;
    return { index, end, crc, bytes, ...counts, ...more };
  }

  /** Takes a row, and returns undefined if it is blank. Of a row with wrong quotes, takes the first line. */
  function takeRow(length: number): RawRecord | undefined {
    const text = withoutLineBreak(rest.subarray(0, length));
    const row = text.toString();
    const cells = rowCells(row, dialect.delimiter, dialect.quote);
    if (cells === undefined) {
      return takeLine();
    }
    const lineCount = countLines(text);
    take(length);
    if (cells.every((cell) => cell === "")) {
      lines += lineCount;
      blankLines += lineCount;
      return undefined;
    }
    const problem =
      cells.length === columns ? (isUtf8(text) ? undefined : notUtf8) : wrongCount(cells.length);
    if (problem !== undefined) {
      // Not a request: cells of other columns must not be pushed when rejected records are pushed again.
      return record(lineCount, Buffer.from(JSON.stringify({ cells })), { problem });
    }
    const { json, violations } = writer.write(cells);
    return record(lineCount, Buffer.from(json), { row: { violations, columnOf: writer.columnOf } });
  }

  function wrongCount(count: number): string {
    const cells = count === 1 ? "1 cell" : `${count} cells`;
    return `has ${cells}, but there are ${columns} columns; cells with ${JSON.stringify(dialect.delimiter)} must be in quotes`;
  }

  /** Takes a line whose quotes are wrong. */
  function takeLine(): RawRecord {
    const length = rest.indexOf(lineFeed) + 1 || rest.length;
    const line = withoutLineBreak(take(length)).toString();
    return record(1, Buffer.from(JSON.stringify({ cells: [line] })), { problem: badQuotes });
  }

  /** Takes what has arrived of a line that is too long, and returns its record at its end. */
  function dropLine(isEnd: boolean): RawRecord | undefined {
    const found = rest.indexOf(lineFeed) + 1;
    const length = found === 0 ? rest.length : found;
    dropped += length;
    take(length);
    if (found === 0 && !isEnd) {
      return undefined;
    }
    const problem = `is ${dropped} bytes long, but a row may have ${maxRow}`;
    dropped = 0;
    return record(1, Buffer.alloc(0), { problem });
  }

  function takeBlankLines(): void {
    const length = skipLineBreaks(rest, 0, (count) => {
      lines += count;
      blankLines += count;
    });
    if (length > 0) {
      take(length);
    }
  }

  /** Takes the next row or a part of it. Returns false if more bytes are required. */
  function next(isEnd: boolean, records: RawRecord[]): boolean {
    let found: RawRecord | undefined;
    if (dropped > 0) {
      found = dropLine(isEnd);
    } else {
      takeBlankLines();
      const length = endOfRow();
      if (length !== -1 && length <= maxRow) {
        found = takeRow(length);
      } else if (length === -1 && !isEnd && rest.length <= maxRow) {
        return false;
      } else if (length === -1 && isEnd && !isQuoted && rest.length <= maxRow) {
        found = rest.length === 0 ? undefined : takeRow(rest.length);
      } else {
        const line = rest.indexOf(lineFeed);
        const isLong = line === -1 ? rest.length > maxRow : line >= maxRow;
        found = isLong ? dropLine(isEnd) : takeLine();
      }
    }
    if (found !== undefined) {
      records.push(found);
    }
    return rest.length > 0;
  }

  function takeRows(isEnd: boolean): RawRecord[] {
    const records: RawRecord[] = [];
    while (rest.length > 0 && next(isEnd, records)) {
      // Each turn takes a row, a line, or what has arrived of it.
    }
    return records;
  }

  return {
    push(chunk) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      return takeRows(false);
    },
    end() {
      const records = takeRows(true);
      if (dropped > 0) {
        records.push(dropLine(true) as RawRecord);
      }
      if (blankLines > 0) {
        blankLines -= 1;
        lines -= 1;
        records.push(record(1, Buffer.alloc(0), {}));
      }
      return records;
    },
  };
}

function withoutLineBreak(bytes: Buffer): Buffer {
  let end = bytes.length;
  if (bytes[end - 1] === lineFeed) {
    end -= 1;
    if (bytes[end - 1] === carriageReturn) {
      end -= 1;
    }
  }
  return bytes.subarray(0, end);
}

/** Returns the number of lines of a row without the line break at its end. */
function countLines(row: Buffer): number {
  let count = 1;
  for (let at = row.indexOf(lineFeed); at !== -1; at = row.indexOf(lineFeed, at + 1)) {
    count += 1;
  }
  return count;
}
