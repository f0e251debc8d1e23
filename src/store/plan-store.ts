import type { Clock } from "../contract/clock.ts";
import type { Instant } from "../contract/instant.ts";

/** Kind of the record that a key names. Keys of different kinds never collide. */
export type RecordKind = "planStatus" | "planGroup";

/** Names one stored record. All parts are compared byte by byte, as UTF-8. */
export type RecordKey = {
  readonly kind: RecordKind;
  /** Autonomous System Number of the operator, 1 … 4294967295. */
  readonly asn: number;
  /** Client that the record is for; empty if it is for every client. */
  readonly clientId: string;
  /** User key or plan group id: opaque, any well-formed string of at least one character. */
  readonly id: string;
};

export type PutRecord = {
  readonly key: RecordKey;
  /** Decides which of two records wins; a record without it replaces any other. */
  readonly updateTime: Instant | undefined;
  /** Milliseconds since the epoch from which on the record is never returned; without it, the record never expires. */
  readonly expiresAtMs: number | undefined;
  /** The record itself, opaque to the store. Must not change before the put has settled. */
  readonly value: Uint8Array;
};

/** `stale`: a record with a later update time is stored, and nothing was changed. */
export type PutOutcome =
  | { readonly outcome: "stored" }
  | { readonly outcome: "stale"; readonly storedUpdateTime: Instant };

/** Some records of a store, and the cursors to continue after them. */
export type RecordPage = {
  readonly records: readonly PutRecord[];
  /** Passed to `scan` as `after`, continues after these records. Opaque, and only valid for this engine. */
  readonly cursor: string;
  /** Returns the cursor to continue after the record at an index, for readers that need fewer records. */
  cursorAfter(index: number): string;
};

export type ScanOptions = {
  /** Cursor of the last page that was read. Without it the scan starts at the first record. */
  after?: string | undefined;
  /**
   * Yields the records as of one moment, between the call for the first page and its arrival, even if they change or
   * expire later. The engine preserves that state until the loop is left. Defaults to false.
   */
  snapshot?: boolean | undefined;
  /**
   * Also yields expired records that are still kept, but no removed ones. With `keepExpired`, these are all that the clock
   * may bring back. Defaults to false.
   */
  includeExpired?: boolean | undefined;
  /** Ends the scan: the next page rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
};

/**
 * Stores the newest record of each key until it expires.
 *
 * - **Order.** A put whose `updateTime` is earlier than the stored one is `stale`; an equal or later one replaces the
 *   stored record. The comparison and the write are one atomic step, so concurrent puts of one key end with the newest
 *   record. A stored record without `updateTime` never makes a put stale.
 * - **Durability.** When `put` resolves, the record survives the death of the process and a power loss. When it rejects,
 *   the record may or may not be stored; it is safe to retry the put.
 * - **Expiry.** A record is readable, and makes older puts stale, strictly before `expiresAtMs` by the store's clock.
 *   Expired records are removed in the background, which has no visible effect unless the clock is moved back: then
 *   `keepExpired` keeps them.
 * - **Visibility.** A `get` that starts after a `put` has resolved returns that record or a newer one.
 * - **Removal.** A record without `updateTime` that has expired replaces any other, and is as if it had never been put:
 *   see `removeRecord`.
 * - **Cancellation.** A call whose signal is aborted before the call is passed to the engine rejects with the signal's
 *   reason and has no effect. Aborting later has no effect on the call.
 *
 * The doc comment of an engine says which of these promises it does not make.
 */
export type PlanStore = {
  /**
   * Stores a record durably, or reports that a newer one is stored. Rejects with StoreUnavailable, and with RangeError
   * if the record is larger than the engine's limit, which is at least 4 MiB.
   */
  put(record: PutRecord, signal?: AbortSignal): Promise<PutOutcome>;
  /** Resolves with the value of an unexpired record, or undefined. Rejects with StoreUnavailable. */
  get(key: RecordKey, signal?: AbortSignal): Promise<Uint8Array | undefined>;
  /**
   * Yields the unexpired records, each once, in an order that depends on the engine. Puts and gets are served meanwhile;
   * records put after the scan began may be missing, or appear in their new form. Holds at most one page in memory.
   * Leaving the loop releases everything. Rejects with StoreUnavailable, with RangeError for an invalid cursor, and with
   * SnapshotUnsupported for a snapshot if the engine has none.
   */
  scan(options?: ScanOptions): AsyncIterable<RecordPage>;
  /** Resolves if a put could be stored now; otherwise rejects with a StoreUnavailable that says why. Cheap. */
  health(): Promise<void>;
  /** Finishes the puts and gets that were accepted, then releases everything. Later calls reject. Idempotent. */
  close(): Promise<void>;
};

/** Options of every engine. */
export type EngineOptions = {
  /** Decides what has expired. It may be moved forward, and back with `keepExpired`. Defaults to the machine's clock. */
  clock?: Clock | undefined;
  /**
   * Keeps expired records, except those that expired in 1970 or before, so that they are back when the clock is moved
   * back. Defaults to false: they are removed for good some time after their expiry.
   */
  keepExpired?: boolean | undefined;
  /** Called after each batch of puts with their number. */
  onBatch?: ((puts: number) => void) | undefined;
  /** Called after each sweep with the number of expired records that it removed. */
  onSweep?: ((removed: number) => void) | undefined;
};

/** Raised when a store cannot serve for now: it is closed, its disk is full or its worker died. The caller may retry. */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
}

/** Raised when a snapshot is requested and the engine has none. */
export class SnapshotUnsupported extends Error {
  override readonly name = "SnapshotUnsupported";
}

/** Raised when a store cannot be opened. The message says what to do, without a stack trace. */
export class StoreOpenError extends Error {
  override readonly name = "StoreOpenError";
}
