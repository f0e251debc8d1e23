import type { Clock } from "../contract/clock.ts";
import type { RecordPage, ScanOptions } from "./plan-store.ts";
import type { SqlitePage } from "./sqlite-protocol.ts";
import type { SqliteThread } from "./sqlite-thread.ts";

export type SqliteScanOptions = ScanOptions & {
  /** Returns the thread that reads; called before each page. Rejects with StoreUnavailable. */
  thread(): Promise<SqliteThread>;
  clock: Clock;
};

/** Row after which a scan goes on, and the last one it will look at. */
type Position = { after: number; until: number | undefined };

/**
 * Yields the unexpired records in the order of their rows, up to the last row that there was at the beginning.
 *
 * Each page is read in a transaction of its own. One snapshot for all of them would keep the log from being used
 * again until the reader, who may be slow, has come to the end; meanwhile every put makes it longer.
 */
export async function* scanSqlite(options: SqliteScanOptions): AsyncGenerator<RecordPage, void, void> {
  const { signal, clock } = options;
  let position = positionOf(options.after);
  while (position.until === undefined || position.after < position.until) {
    signal?.throwIfAborted();
    const thread = await options.thread();
    const { page } = await thread.ask({ type: "scan", ...position, now: clock.now() });
    position = { after: page.row, until: page.until };
    if (page.records.length > 0) {
      yield { records: recordsOf(page), cursor: `sqlite:${page.row}:${page.until}` };
    }
  }
}

function positionOf(cursor: string | undefined): Position {
  if (cursor === undefined) return { after: 0, until: undefined };
  const [, row, last] = /^sqlite:(\d{1,16}):(\d{1,16})$/.exec(cursor) ?? [];
  const position = { after: Number(row), until: Number(last) };
  if (Number.isSafeInteger(position.until) && position.after <= position.until) return position;
  throw new RangeError(
    `${JSON.stringify(cursor)} is no cursor of a SQLite store; give one that its scan has returned, or none to begin anew`,
  );
}

function recordsOf({ records, values }: SqlitePage): RecordPage["records"] {
  let end = 0;
  return records.map(({ key, updateTime, expiresAtMs, length }) => {
    end += length;
    return { key, updateTime, expiresAtMs, value: values.subarray(end - length, end) };
  });
}
