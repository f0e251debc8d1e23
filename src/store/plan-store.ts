import type { Instant } from "../contract/instant.ts";

/** What kind of record a key names. Kinds never collide, whatever their other parts are. */
export type RecordKind = "planStatus" | "planGroup";

/** Names one stored record. All parts are compared byte by byte, as UTF-8. */
export type RecordKey = {
  readonly kind: RecordKind;
  /** Autonomous System Number of the operator, 1 … 4294967295. */
  readonly asn: number;
  /** Client that the record is for; empty when it is for every client. */
  readonly clientId: string;
  /** User key or plan group id: opaque, any well-formed string of at least one character. */
  readonly id: string;
};

export type PutRecord = {
  readonly key: RecordKey;
  /** Decides which of two records wins; without it this record replaces whatever is stored. */
  readonly updateTime: Instant | undefined;
  /** From this millisecond since the epoch on the record is gone for everybody; without it, it stays. */
  readonly expiresAtMs: number | undefined;
  /** The record itself; the store does not look inside. Must not change before the put has settled. */
  readonly value: Uint8Array;
};

/** `stale`: a record with a later update time is stored; nothing was changed. */
export type PutOutcome =
  | { readonly outcome: "stored" }
  | { readonly outcome: "stale"; readonly storedUpdateTime: Instant };

/** Some records of a store, and how to go on after them. */
export type RecordPage = {
  readonly records: readonly PutRecord[];
  /** Given to `scan` as `after`, goes on with what follows these records. Opaque; of this engine only. */
  readonly cursor: string;
};

export type ScanOptions = {
  /** Cursor of the last page that was used. Without it the scan begins at the beginning. */
  after?: string | undefined;
  /**
   * Yields the records as they were at one moment, between the call for the first page and its arrival: what was put
   * before it is there, what is put later is not, and what expires later is. The engine keeps that state until the loop
   * is left. Defaults to false.
   */
  snapshot?: boolean | undefined;
  /** Ends the scan: the next page rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
};

/**
 * Keeps the newest record of each key until it expires.
 *
 * - **Order.** A put whose `updateTime` is earlier than the stored one is refused as `stale`; an equal or
 *   later one replaces it. The comparison and the write are one atomic step, so concurrent puts of one key
 *   end with the newest. A stored record without `updateTime` never refuses a put.
 * - **Durability.** When `put` resolves, the record survives the death of the process and a power loss.
 *   When it rejects, the record may or may not be stored; repeating the put is safe.
 * - **Expiry.** A record is readable, and refuses older puts, strictly before `expiresAtMs` by the store's
 *   clock. Removing expired records from disk happens in the background and nobody can tell.
 * - **Visibility.** A `get` that starts after a `put` resolved sees that record or a newer one.
 * - **Cancellation.** A call whose signal is aborted before the call was handed to the engine rejects with the
 *   signal's reason and has no effect. From then on the signal is without meaning: the call ends as if without it.
 *
 * An engine that promises less says where in its own doc comment.
 */
export type PlanStore = {
  /**
   * Stores a record durably, or reports that a newer one is there. Rejects with StoreUnavailable, and with
   * RangeError if the record is larger than the store takes, which is never less than 4 MiB.
   */
  put(record: PutRecord, signal?: AbortSignal): Promise<PutOutcome>;
  /** Returns the value of an unexpired record, or undefined. Rejects with StoreUnavailable. */
  get(key: RecordKey, signal?: AbortSignal): Promise<Uint8Array | undefined>;
  /**
   * Yields the unexpired records, each once, in an order of the engine's own. Puts and gets go on meanwhile; what
   * is put after the scan began may be missing, or be there in its new form. Never holds more than a page in memory.
   * Leaving the loop releases everything. Rejects with StoreUnavailable, with RangeError for a strange cursor, and with
   * SnapshotUnsupported if a snapshot is wanted of an engine that has none.
   */
  scan(options?: ScanOptions): AsyncIterable<RecordPage>;
  /** Resolves if a put could be stored now; rejects with StoreUnavailable, saying why not. Cheap enough for a probe. */
  health(): Promise<void>;
  /** Finishes the puts and gets that were accepted, then releases everything. Later calls reject. Idempotent. */
  close(): Promise<void>;
};

/**
 * Raised when a store cannot serve for now: it is closed, its disk is full or its worker died.
 * The caller may try again.
 */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
}

/** Raised when a scan is to be of one moment, and the engine cannot do that. */
export class SnapshotUnsupported extends Error {
  override readonly name = "SnapshotUnsupported";
}

/** Raised when a store cannot be opened. The message says what to do; it needs no stack trace. */
export class StoreOpenError extends Error {
  override readonly name = "StoreOpenError";
}
