import type { RecordKey } from "./plan-store.ts";

/** What the main thread tells the worker once, when it starts it. */
export type SqliteWorkerData = {
  /** Where the store lives; created if missing. */
  directory: string;
  /** Memory of a PutBuffer. */
  memory: SharedArrayBuffer;
  /** Largest size of the database file in pages of 4 KiB; without it, as large as SQLite allows. */
  maxPages: number | undefined;
};

/**
 * What the main thread asks of the worker. It answers in the order of asking, each with one reply.
 * `now` is the store's clock in milliseconds since the epoch: the worker has no time of its own.
 */
export type SqliteRequest =
  /** Commit the first `count` puts of the PutBuffer. */
  | { readonly type: "put"; readonly count: number; readonly now: number }
  | { readonly type: "get"; readonly keys: readonly RecordKey[]; readonly now: number }
  /** Delete at most `rows` expired records. */
  | { readonly type: "sweep"; readonly rows: number; readonly now: number }
  /** Release everything and end; the end of the thread is the answer. */
  | { readonly type: "close" };

/** What the worker answers. Before any request it sends `opened` or `refused`. */
export type SqliteReply =
  | { readonly type: "opened" }
  /** The store cannot be opened; the thread ends. */
  | { readonly type: "refused"; readonly message: string }
  /** The batch was committed. The outcomes are in the PutBuffer, the reasons of failed puts here, in order. */
  | { readonly type: "put"; readonly reasons: readonly string[] }
  | { readonly type: "get"; readonly values: readonly (Uint8Array<ArrayBuffer> | undefined)[] }
  | { readonly type: "sweep"; readonly removed: number }
  /** Nothing of the request was done; the next may succeed. */
  | { readonly type: "failed"; readonly message: string };
