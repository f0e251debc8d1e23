import { isExpired } from "../record.ts";
import type { Content, MemoryRows, Row } from "./rows.ts";

/** A row as it is read. */
export type FoundRecord = Omit<Content, "holders"> & Pick<Row, "text" | "number">;

/** Reads rows in their order, a part at a time. */
export type MemoryReader = {
  /** Returns the unexpired records of the next rows: perhaps none, although more follow. */
  next(now: number): FoundRecord[];
  /** The last row that was read, and the row at which the reader ends. */
  readonly at: number;
  readonly until: number;
  /** Releases what is preserved for this reader. */
  close(): void;
};

type ReaderOptions = {
  /** The row after which to start, and the row at which to end. */
  after: number;
  until: number;
  /** Whether to return the records that the rows have now, even if they change later. */
  preserve: boolean;
};

/** Rows read in one step, expired ones included. */
const pageRows = 500;

/** Sum of the sizes of values at which a page is full, in bytes. */
const pageBytes = 1024 * 1024;

/**
 * Starts to read. No row is returned twice, and later rows are not returned, so that a reader ends under any load.
 *
 * A reader that preserves holds each record that is replaced before it was read.
 */
export function readMemoryRows(rows: MemoryRows, { after, until, preserve }: ReaderOptions): MemoryReader {
  const preserved = new Map<Row, Content>();
  let at = after;

  function keep(row: Row): void {
    if (row.content && row.number > at && row.number <= until && !preserved.has(row)) {
      rows.hold(row.content);
      preserved.set(row, row.content);
    }
  }

  /** Returns the record of a row, and no longer preserves it. */
  function take(row: Row): Content | undefined {
    const content = preserved.get(row);
    if (!content) {
      return row.content;
    }
    rows.release(content);
    preserved.delete(row);
    return content;
  }

  if (preserve) {
    rows.observe(keep);
  }
  return {
    until,
    get at() {
      return at;
    },
    next(now) {
      const list = rows.list();
      const found: FoundRecord[] = [];
      let size = 0;
      const first = indexAfter(list, at);
      for (let index = first; index < first + pageRows && size < pageBytes; index++) {
        const row = list[index];
        if (!row || row.number > until) {
          at = until;
          break;
        }
        at = row.number;
        const content = take(row);
        if (content && !isExpired(content, now)) {
          found.push({ ...content, text: row.text, number: row.number });
          size += content.value.length;
        }
      }
      return found;
    },
    close() {
      rows.ignore(keep);
      for (const content of preserved.values()) {
        rows.release(content);
      }
      preserved.clear();
      rows.dropRemoved({ all: false });
    },
  };
}

/** Returns the index of the first row with a higher number. */
function indexAfter(rows: readonly Row[], number: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle] as Row).number > number) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}
