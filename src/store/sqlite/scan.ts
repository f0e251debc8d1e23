import { randomUUID } from "node:crypto";
import type { Clock } from "../../contract/clock.ts";
import { type RecordPage, type ScanOptions, StoreUnavailable } from "../plan-store.ts";
import { expiryTime } from "../record.ts";
import { messageWithAdvice } from "./error.ts";
import type { SqlitePage, SqliteWorkerData } from "./protocol.ts";
import { type SqliteThread, startSqliteThread } from "./thread.ts";

type SqliteScanOptions = ScanOptions & {
  /** Returns the thread that reads; called before each page. Rejects with StoreUnavailable. */
  thread(): Promise<SqliteThread>;
  clock: Clock;
};

/** The row after which a scan continues, and the last row that it will read. */
type Position = { after: number; until: number | undefined };

/**
 * Yields the unexpired records in the order of their rows, up to the row that is the last one when the scan begins. Each
 * page is read in its own transaction: with a single one, the log would grow until the reader, which may be slow, ends.
 */
export async function* scanSqlite(options: SqliteScanOptions): AsyncGenerator<RecordPage> {
  const { signal, clock, includeExpired } = options;
  yield* pagesFrom(positionOf(options.after), signal, async (position) => {
    const thread = await options.thread();
    return thread.ask({
      type: "scan",
      snapshot: undefined,
      ...position,
      now: expiryTime(clock, includeExpired),
    });
  });
}

/** Yields the records as they are when the scan begins, without those that have expired, in the order of their rows. */
export async function* scanSqliteSnapshot(options: SqliteScanOptions): AsyncGenerator<RecordPage> {
  const { signal, clock } = options;
  const position = positionOf(options.after);
  signal?.throwIfAborted();
  // Always the same thread, because a restarted one does not have the snapshot.
  const thread = await options.thread();
  const name = randomUUID();
  const now = expiryTime(clock, options.includeExpired);
  try {
    await thread.ask({ type: "snapshot", name });
    while (!(await thread.ask({ type: "copy", name })).isComplete) {
      signal?.throwIfAborted();
    }
    yield* pagesFrom(position, signal, (next) => thread.ask({ type: "scan", snapshot: name, ...next, now }));
  } finally {
    // A thread that has ended has dropped its snapshots.
    await thread.ask({ type: "drop", name }).catch(() => undefined);
  }
}

async function* pagesFrom(
  from: Position,
  signal: AbortSignal | undefined,
  read: (position: Position) => Promise<{ readonly page: SqlitePage }>,
): AsyncGenerator<RecordPage> {
  let position = from;
  while (position.until === undefined || position.after < position.until) {
    signal?.throwIfAborted();
    const { page } = await read(position);
    position = { after: page.row, until: page.until };
    if (page.records.length > 0) {
      const cursorOf = (row: number) => `sqlite:${row}:${page.until}`;
      yield {
        records: recordsOf(page),
        cursor: cursorOf(page.row),
        cursorAfter: (index) => cursorOf((page.records[index] as SqlitePage["records"][number]).row),
      };
    }
  }
}

function positionOf(cursor: string | undefined): Position {
  if (cursor === undefined) {
    return { after: 0, until: undefined };
  }
  const [, row, last] = /^sqlite:(\d{1,16}):(\d{1,16})$/.exec(cursor) ?? [];
  const position = { after: Number(row), until: Number(last) };
  if (Number.isSafeInteger(position.until) && position.after <= position.until) {
    return position;
  }
  throw new RangeError(
    `${JSON.stringify(cursor)} is not a cursor of a SQLite store; pass one that a scan has returned, or none to start over`,
  );
}

function recordsOf({ records, values }: SqlitePage): RecordPage["records"] {
  let end = 0;
  return records.map(({ key, updateTime, expiresAtMs, length }) => {
    end += length;
    return { key, updateTime, expiresAtMs, value: values.subarray(end - length, end) };
  });
}

/** The thread for scans. It starts on its first use, because most processes never scan, and again after it has died. */
type Scanner = {
  /** Rejects with StoreUnavailable. */
  thread(): Promise<SqliteThread>;
  /** Ends the thread. Later calls of `thread` reject. Never rejects. */
  end(): Promise<void>;
};

/** Creates a scanner without a thread. */
export function createScanner(data: SqliteWorkerData): Scanner {
  let running: Promise<SqliteThread> | undefined;
  let ended = false;

  async function start(): Promise<SqliteThread> {
    const started = await startSqliteThread("scanner", data);
    started.ended.then(() => {
      running = undefined;
    });
    return started;
  }

  return {
    async thread() {
      if (ended) {
        throw new StoreUnavailable("the store is closed");
      }
      running ??= start();
      try {
        return await running;
      } catch (error) {
        running = undefined;
        throw new StoreUnavailable(messageWithAdvice(error));
      }
    },
    async end() {
      ended = true;
      const thread = await running?.catch(() => undefined);
      await thread?.end();
    },
  };
}
