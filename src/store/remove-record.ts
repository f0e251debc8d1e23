import type { PlanStore, PutRecord, RecordKey } from "./plan-store.ts";

/**
 * Removes a record, whatever its update time is: `get` and `scan` no longer return it, and older records may be put
 * again. Has no effect if there is none. Snapshots that were begun before still have it.
 *
 * A removal is a put, with the durability and the errors of one. It holds for clocks from 1970 on.
 */
export async function removeRecord(store: PlanStore, key: RecordKey, signal?: AbortSignal): Promise<void> {
  await store.put(removalOf(key), signal);
}

/** Whether a record is one that removes another. It has expired for every clock from 1970 on, and makes no put stale. */
export function isRemoval({ updateTime, expiresAtMs, value }: PutRecord): boolean {
  return updateTime === undefined && expiresAtMs !== undefined && expiresAtMs <= 0 && value.length === 0;
}

/** Returns the record whose put removes a record. */
export function removalOf(key: RecordKey): PutRecord {
  return { key, updateTime: undefined, expiresAtMs: 0, value: new Uint8Array(0) };
}
