import { type PutOutcome, type PutRecord, type RecordKey, StoreUnavailable } from "../plan-store.ts";
import { isExpired, keyText, staleBy } from "../record.ts";
import { isRemoval } from "../remove-record.ts";
import { createMemoryRows, type MemoryRows } from "./rows.ts";

/** The records of a memory store by their keys. No function waits, so each is one atomic step. */
export type MemoryTable = {
  readonly rows: MemoryRows;
  /** Raises StoreUnavailable, and changes nothing, if the table is full. */
  put(record: PutRecord, now: number): PutOutcome;
  /** Returns the bytes of a value as characters. */
  get(key: RecordKey, now: number): string | undefined;
  /** Raises StoreUnavailable if the last put was rejected, and would be again. */
  requireRoom(now: number): void;
};

type MemoryTableOptions = {
  /** Largest sum of the memory of all records, in bytes. */
  maxBytes: number;
  onSweep: ((removed: number) => void) | undefined;
};

const stored: PutOutcome = { outcome: "stored" };

/** Creates an empty table. It removes expired records only when it needs their memory. */
export function createMemoryTable({ maxBytes, onSweep }: MemoryTableOptions): MemoryTable {
  const rows = createMemoryRows();
  // No record expires earlier.
  let firstExpiry = Number.POSITIVE_INFINITY;
  /** Key and size of the last put, if it was rejected. */
  let rejected: [text: string, valueBytes: number] | undefined;

  function sweep(now: number): void {
    if (firstExpiry > now) {
      return;
    }
    firstExpiry = Number.POSITIVE_INFINITY;
    let removed = 0;
    for (const row of rows.list()) {
      if (row.content && isExpired(row.content, now)) {
        rows.remove(row);
        removed++;
      } else {
        firstExpiry = Math.min(firstExpiry, row.content?.expiresAtMs ?? Number.POSITIVE_INFINITY);
      }
    }
    onSweep?.(removed);
  }

  function makeRoom(text: string, valueBytes: number, now: number): void {
    const fits = () => rows.bytes + rows.growth(text, valueBytes) <= maxBytes;
    rejected = undefined;
    if (fits()) {
      return;
    }
    sweep(now);
    rows.dropRemoved({ all: true });
    if (!fits()) {
      rejected = [text, valueBytes];
      throw new StoreUnavailable(
        `the memory store is full: its records take ${rows.bytes} bytes, and the limit is ${maxBytes}; remove records, or use a store on a disk`,
      );
    }
  }

  return {
    rows,
    put(record, now) {
      const { updateTime, expiresAtMs, value } = record;
      const text = keyText(record.key);
      const row = rows.find(text);
      const storedUpdateTime = staleBy(row?.content, record, now);
      if (storedUpdateTime) {
        return { outcome: "stale", storedUpdateTime };
      }
      if (!isRemoval(record) || now < 0) {
        makeRoom(text, value.length, now);
        rows.set(text, { updateTime, expiresAtMs, value: charactersOf(value), holders: 0 });
        firstExpiry = Math.min(firstExpiry, expiresAtMs ?? Number.POSITIVE_INFINITY);
      } else if (row) {
        rows.remove(row);
        rows.dropRemoved({ all: false });
      }
      return stored;
    },
    get(key, now) {
      const content = rows.find(keyText(key))?.content;
      return content && !isExpired(content, now) ? content.value : undefined;
    },
    requireRoom(now) {
      if (rejected) {
        makeRoom(...rejected, now);
      }
    },
  };
}

function charactersOf({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString("latin1");
}
