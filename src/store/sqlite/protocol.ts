import type { PutRecord, RecordKey } from "../plan-store.ts";
import type { DatabaseOptions } from "./database.ts";

/** What the main thread tells a worker once, when it starts it. */
export type SqliteWorkerData = {
  /** Where the store lives; created if missing. */
  readonly directory: string;
  /** Memory of a PutBuffer. */
  readonly memory: SharedArrayBuffer;
  readonly options: DatabaseOptions;
};

/** Some records in the order of their rows: everything but the values, and the values one after the other. */
export type SqlitePage = {
  readonly records: readonly (Omit<PutRecord, "value"> & { readonly length: number })[];
  readonly values: Uint8Array<ArrayBuffer>;
  /** Row that was looked at last, and the one that the scan ends with. They are equal if nothing follows. */
  readonly row: number;
  readonly until: number;
};

/**
 * What the main thread asks of a worker. It answers in the order of asking, each with one reply. The writer has `put`,
 * `get`, `sweep` and `probe`, the side thread the others.
 * `now` is the store's clock in milliseconds since the epoch: the worker has no time of its own.
 */
export type SqliteRequest =
  /** Commit the first `count` puts of the PutBuffer. */
  | { readonly type: "put"; readonly count: number; readonly now: number }
  | { readonly type: "get"; readonly keys: readonly RecordKey[]; readonly now: number }
  /** Delete at most `rows` expired records. */
  | { readonly type: "sweep"; readonly rows: number; readonly now: number }
  /** Look whether a put could be stored; `failed` if not. */
  | { readonly type: "probe" }
  /** Begin a snapshot, and keep it under this name. */
  | { readonly type: "snapshot"; readonly name: string }
  /** Copy a part of what it has, until there is nothing left to copy; only then it can be scanned. */
  | { readonly type: "copy"; readonly name: string }
  /** Forget a snapshot. */
  | { readonly type: "drop"; readonly name: string }
  /** Read what follows a row, up to another one; without that, up to the last one there is, now or in a snapshot. */
  | {
      readonly type: "scan";
      readonly snapshot: string | undefined;
      readonly after: number;
      readonly until: number | undefined;
      readonly now: number;
    }
  /** Release everything and end; the end of the thread is the answer. */
  | { readonly type: "close" };

/** What a worker answers. Before any request it sends `opened` or `refused`. */
export type SqliteReply =
  | { readonly type: "opened" }
  /** The store cannot be opened; the thread ends. */
  | { readonly type: "refused"; readonly message: string }
  /** The batch was committed. The outcomes are in the PutBuffer, the reasons of failed puts here, in order. */
  | { readonly type: "put"; readonly reasons: readonly string[] }
  /** One entry per key; a string is the reason why a record could not be read. */
  | { readonly type: "get"; readonly values: readonly (Uint8Array<ArrayBuffer> | undefined | string)[] }
  | { readonly type: "sweep"; readonly removed: number }
  | { readonly type: "probe" }
  | { readonly type: "snapshot" }
  | { readonly type: "copy"; readonly ended: boolean }
  | { readonly type: "drop" }
  | { readonly type: "scan"; readonly page: SqlitePage }
  /** The request failed as a whole; the next may succeed. */
  | { readonly type: "failed"; readonly message: string };
