import type { Instant } from "../../contract/instant.ts";

/** A record without its key. Its readable parts never change, so that readers can share it. */
export type Content = {
  readonly updateTime: Instant | undefined;
  readonly expiresAtMs: number | undefined;
  /** The bytes of the value as characters: a string takes half the memory of a small byte array. */
  readonly value: string;
  /** Number of rows and readers that hold it, 0 at first; only for MemoryRows to change. */
  holders: number;
};

/** A key, as `keyText` returns it, and its record, which is undefined once it was removed. */
export type Row = {
  readonly number: number;
  readonly text: string;
  readonly content: Content | undefined;
};

/** Called with a row before it changes. */
export type RowObserver = (row: Row) => void;

/**
 * The rows of a memory store. A key keeps its row until its record is removed, and later keys get rows with higher
 * numbers.
 */
export type MemoryRows = {
  /** Memory of all rows and of all records that are held, in bytes. */
  readonly bytes: number;
  readonly lastNumber: number;
  /** All rows in the order of their numbers. Removed ones are only there while an observer may need them. */
  list(): readonly Row[];
  find(text: string): Row | undefined;
  set(text: string, content: Content): void;
  remove(row: Row): void;
  /** Drops the removed rows: all of them, or only if they are more than the others. */
  dropRemoved(options: { all: boolean }): void;
  /** Returns by how many bytes `set` with a value of this size would change `bytes`, at most. */
  growth(text: string, valueBytes: number): number;
  /** Counts a record as held until `release`, whether a row has it or not. */
  hold(content: Content): void;
  release(content: Content): void;
  /** Calls an observer before each change, until `ignore`. */
  observe(observer: RowObserver): void;
  ignore(observer: RowObserver): void;
};

/** Memory of a record in addition to its value, and of a row in addition to its key, in bytes, as measured. */
const contentBytes = 150;
const rowBytes = 150;

/** Fewer removed rows are not dropped, except all of them. */
const minRemoved = 1_000;

type ChangingRow = Row & { content: Content | undefined };

/** Creates a list without rows. */
export function createMemoryRows(): MemoryRows {
  const byKey = new Map<string, ChangingRow>();
  const observers = new Set<RowObserver>();
  let rows: ChangingRow[] = [];
  let lastNumber = 0;
  let removed = 0;
  let bytes = 0;

  function hold(content: Content): void {
    content.holders++;
    if (content.holders === 1) {
      bytes += sizeOfContent(content.value.length);
    }
  }

  function release(content: Content): void {
    content.holders--;
    if (content.holders === 0) {
      bytes -= sizeOfContent(content.value.length);
    }
  }

  function change(row: ChangingRow, content: Content | undefined): void {
    for (const observer of observers) {
      observer(row);
    }
    if (row.content) {
      release(row.content);
    }
    if (content) {
      hold(content);
    }
    row.content = content;
  }

  function add(text: string): ChangingRow {
    const row: ChangingRow = { number: ++lastNumber, text, content: undefined };
    byKey.set(text, row);
    rows.push(row);
    bytes += sizeOfRow(text);
    return row;
  }

  return {
    get bytes() {
      return bytes;
    },
    get lastNumber() {
      return lastNumber;
    },
    list: () => rows,
    find: (text) => byKey.get(text),
    set(text, content) {
      change(byKey.get(text) ?? add(text), content);
    },
    remove(row) {
      change(row, undefined);
      byKey.delete(row.text);
      removed++;
    },
    dropRemoved({ all }) {
      if (observers.size > 0 || removed < (all ? 1 : Math.max(minRemoved, rows.length / 2))) {
        return;
      }
      rows = rows.filter((row) => {
        bytes -= row.content ? 0 : sizeOfRow(row.text);
        return row.content;
      });
      removed = 0;
    },
    growth(text, valueBytes) {
      const row = byKey.get(text);
      const freed = row?.content && observers.size === 0 ? sizeOfContent(row.content.value.length) : 0;
      return sizeOfContent(valueBytes) + (row ? 0 : sizeOfRow(text)) - freed;
    },
    hold,
    release,
    observe: (observer) => observers.add(observer),
    ignore: (observer) => observers.delete(observer),
  };
}

function sizeOfContent(valueBytes: number): number {
  return contentBytes + valueBytes;
}

// `byteLength` reads the text, which until then is a tree of the parts that it was joined of: 160 bytes more.
function sizeOfRow(text: string): number {
  return rowBytes + Buffer.byteLength(text);
}
