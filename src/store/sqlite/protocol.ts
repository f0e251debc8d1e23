import type { PostedAnswer } from "../get-buffer.ts";
import type { PutRecord } from "../plan-store.ts";
import type { DatabaseOptions } from "./database.ts";

/** Data that the main thread passes to a new thread. */
export type SqliteWorkerData = {
  /** Directory of the store; created if missing. */
  readonly directory: string;
  /** Memory of a PutBuffer. */
  readonly putMemory: SharedArrayBuffer;
  /** Memory of a GetBuffer. */
  readonly getMemory: SharedArrayBuffer;
  /** Identity of the database file that the store opened first; no other file may be opened in its place. */
  readonly identity?: string;
  readonly options: DatabaseOptions;
};

/** Records in the order of their rows: everything except the values, and all values concatenated. */
export type SqlitePage = {
  readonly records: readonly (Omit<PutRecord, "value"> & { readonly length: number; readonly row: number })[];
  readonly values: Uint8Array<ArrayBuffer>;
  /** The last row read, and the last row of the scan. They are equal on the last page. */
  readonly row: number;
  readonly until: number;
};

/**
 * A request of the main thread. A thread answers requests in order, each with one reply. The writer serves `put`, `get`,
 * `sweep` and `probe`, the scanner the others. `now` is the store's clock, in milliseconds since the epoch.
 */
export type SqliteRequest =
  /** Commit the first `count` puts of the PutBuffer. */
  | { readonly type: "put"; readonly count: number; readonly now: number }
  /** Answer the first `count` gets of the GetBuffer. */
  | { readonly type: "get"; readonly count: number; readonly now: number }
  /** Delete at most `rows` expired records. */
  | { readonly type: "sweep"; readonly rows: number; readonly now: number }
  /** Check that a put could be stored; `failed` if not. */
  | { readonly type: "probe" }
  /** Begin a snapshot with this name. */
  | { readonly type: "snapshot"; readonly name: string }
  /** Copy some records of the snapshot. It can be scanned once the copy is complete. */
  | { readonly type: "copy"; readonly name: string }
  /** Remove a snapshot. */
  | { readonly type: "drop"; readonly name: string }
  /** Read a page after one row and up to another, by default the last row, of the table or of a snapshot. */
  | {
      readonly type: "scan";
      readonly snapshot: string | undefined;
      readonly after: number;
      readonly until: number | undefined;
      readonly now: number;
    }
  /** Release everything and end the thread, without a reply. */
  | { readonly type: "close" };

/** A reply of a thread. Before the first request it sends `opened` or `openFailed`. */
export type SqliteReply =
  | { readonly type: "opened"; readonly identity: string }
  /** The store cannot be opened; the thread ends. */
  | { readonly type: "openFailed"; readonly message: string }
  /** The batch was committed. The PutBuffer has the outcomes; `reasons` are those of failed puts, in order. */
  | { readonly type: "put"; readonly reasons: readonly string[] }
  /** The GetBuffer has the answers except `posted`, in order. */
  | { readonly type: "get"; readonly posted: readonly PostedAnswer[] }
  | { readonly type: "sweep"; readonly removed: number }
  | { readonly type: "probe" }
  | { readonly type: "snapshot" }
  | { readonly type: "copy"; readonly isComplete: boolean }
  | { readonly type: "drop" }
  | { readonly type: "scan"; readonly page: SqlitePage }
  /** The request failed as a whole; the next may succeed. */
  | { readonly type: "failed"; readonly message: string };
