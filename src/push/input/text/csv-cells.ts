/** How the cells of a file are written. */
export type Dialect = {
  readonly delimiter: string;
  /** The character around cells that have a delimiter, a line break or this character, which is then doubled. */
  readonly quote: string;
};

const lineFeed = 0x0a;

/** Delimiters that are detected. Of those that occur equally often, the first one. */
const delimiters = [",", ";", "\t", "|"];

/** Returns the delimiter of a header: the one that occurs most often outside of quotes. */
export function delimiterOf(header: string, quote: string): string {
  const counts = new Map(delimiters.map((each) => [each, 0]));
  let isQuoted = false;
  for (const character of header) {
    if (character === quote) {
      isQuoted = !isQuoted;
    } else if (!isQuoted) {
      const count = counts.get(character);
      if (count !== undefined) {
        counts.set(character, count + 1);
      }
    }
  }
  return delimiters.reduce((best, each) =>
    (counts.get(each) as number) > (counts.get(best) as number) ? each : best,
  );
}

/** Returns the index behind the line break that ends the first row, or -1: line breaks within quotes do not end it. */
export function headerEnd(bytes: Uint8Array, quote = '"', start = 0): number {
  const mark = quote.charCodeAt(0);
  let isQuoted = false;
  for (let at = start; at < bytes.length; at++) {
    if (bytes[at] === mark) {
      isQuoted = !isQuoted;
    } else if (bytes[at] === lineFeed && !isQuoted) {
      return at + 1;
    }
  }
  return -1;
}

/**
 * Returns the cells of a row without its line break, or undefined if a quote is not at the ends of a cell and not doubled
 * (RFC 4180, section 2).
 */
export function rowCells(row: string, delimiter: string, quote: string): string[] | undefined {
  if (!row.includes(quote)) {
    return row.split(delimiter);
  }
  const cells: string[] = [];
  for (let at = 0; ; at++) {
    const begin = at;
    if (row[at] === quote) {
      at = closingQuote(row, at + 1, quote) + 1;
      if (at === 0) {
        return undefined;
      }
      cells.push(row.slice(begin + 1, at - 1).replaceAll(quote + quote, quote));
    } else {
      const end = row.indexOf(delimiter, at);
      at = end === -1 ? row.length : end;
      const cell = row.slice(begin, at);
      if (cell.includes(quote)) {
        return undefined;
      }
      cells.push(cell);
    }
    if (at === row.length) {
      return cells;
    }
    if (row[at] !== delimiter) {
      return undefined;
    }
  }
}

/** Returns the index of the quote that ends a cell, or -1. */
function closingQuote(row: string, start: number, quote: string): number {
  let at = row.indexOf(quote, start);
  while (at !== -1 && row[at + 1] === quote) {
    at = row.indexOf(quote, at + 2);
  }
  return at;
}
