import { setImmediate } from "node:timers/promises";
import { getHeapStatistics } from "node:v8";
import { systemClock } from "../../contract/clock.ts";
import {
  type EngineOptions,
  type PlanStore,
  type PutRecord,
  type RecordPage,
  type ScanOptions,
  StoreUnavailable,
} from "../plan-store.ts";
import { putBytes, sizeOfPut } from "../put-buffer.ts";
import { expiryTime, keyOfText } from "../record.ts";
import { type FoundRecord, readMemoryRows } from "./reader.ts";
import { createMemoryTable } from "./table.ts";

export type MemoryStoreOptions = EngineOptions & {
  /**
   * Largest sum of the memory of all records, in bytes: keys, values and 300 bytes for each. Defaults to 1 GiB, or to
   * half of the old generation of the process's heap (`--max-old-space-size`) if that is less.
   */
  maxBytes?: number | undefined;
};

const largestDefault = 1024 * 1024 * 1024;

/** Size of the young generation by default, in bytes, which V8 includes in the limit of the heap. */
const youngBytes = 200 * 1024 * 1024;

/**
 * Creates a store with its records in the memory of this process, for tests and emulators. Loads no threads, and waits
 * for nothing. Its promises differ from those of PlanStore:
 *
 * - **Durability.** Records end with the store.
 * - **Expiry.** Expired records stay until a put needs their memory, and then all of them are removed. So the state
 *   depends only on the calls and the clock: a record is back if the clock is set back, whether after a moment or a day.
 * - **Limit.** A put that does not fit into `maxBytes` rejects with StoreUnavailable and changes nothing. A removal
 *   always fits. Records that are replaced during a snapshot count as well, until it has read them.
 *
 * A record may take 16 MiB. Values are copied: by `put`, and for each reader. `onBatch` is called with 1 for each put.
 */
export function openMemoryStore(options: MemoryStoreOptions = {}): PlanStore {
  const { clock = systemClock, onBatch, onSweep } = options;
  const { maxBytes = defaultMaxBytes() } = options;
  let table = createMemoryTable({ maxBytes, onSweep });
  let closed = false;
  // Its cursors are of no use in another store.
  const name = Math.random().toString(36).slice(2, 10);

  /** Runs a call at once. Rejects if the store is closed or the signal is aborted. */
  async function run<Result>(signal: AbortSignal | undefined, call: () => Result): Promise<Result> {
    requireOpen();
    signal?.throwIfAborted();
    return call();
  }

  function requireOpen(): void {
    if (closed) {
      throw new StoreUnavailable("the store is closed");
    }
  }

  async function* scan(options: ScanOptions): AsyncGenerator<RecordPage> {
    const { after, includeExpired, snapshot = false, signal } = options;
    requireOpen();
    signal?.throwIfAborted();
    const { rows } = table;
    const [first, until = rows.lastNumber] = after === undefined ? [0] : positionOf(after);
    const reader = readMemoryRows(rows, { after: first, until, preserve: snapshot });
    const startedAt = expiryTime(clock, includeExpired);
    try {
      while (reader.at < until) {
        requireOpen();
        signal?.throwIfAborted();
        const found = reader.next(snapshot ? startedAt : expiryTime(clock, includeExpired));
        if (found.length > 0) {
          yield {
            records: found.map(recordOf),
            cursor: cursorOf(reader.at, until),
            cursorAfter: (index) => cursorOf((found[index] as FoundRecord).number, until),
          };
        }
        if (reader.at < until) {
          // Other calls take their turn.
          await setImmediate();
        }
      }
    } finally {
      reader.close();
    }
  }

  function cursorOf(after: number, until: number): string {
    return `memory:${name}:${after}:${until}`;
  }

  function positionOf(cursor: string): [after: number, until: number] {
    const [, of, row, last] = /^memory:(\w+):(\d{1,15}):(\d{1,15})$/.exec(cursor) ?? [];
    const [after, until] = [Number(row), Number(last)];
    if (of === name && after <= until && until <= table.rows.lastNumber) {
      return [after, until];
    }
    throw new RangeError(
      `${JSON.stringify(cursor.slice(0, 100))} is not a cursor of this memory store; pass one that a scan has returned, or none to start over`,
    );
  }

  return {
    put: (record, signal) =>
      run(signal, () => {
        requireSize(record);
        const outcome = table.put(record, clock.now());
        onBatch?.(1);
        return outcome;
      }),
    get: (key, signal) =>
      run(signal, () => {
        const value = table.get(key, clock.now());
        return value === undefined ? undefined : bytesOf(value);
      }),
    scan: (options = {}) => scan(options),
    health: () => run(undefined, () => table.requireRoom(clock.now())),
    async close() {
      closed = true;
      // Releases all records, although callers may keep the store.
      table = createMemoryTable({ maxBytes: 0, onSweep });
    },
  };
}

function defaultMaxBytes(): number {
  const heap = getHeapStatistics().heap_size_limit;
  const old = Math.max(heap - youngBytes, heap / 4);
  return Math.min(largestDefault, Math.floor(old / 2));
}

function requireSize(record: PutRecord): void {
  const size = sizeOfPut(record);
  if (size > putBytes) {
    throw new RangeError(`the record takes up to ${size} bytes; the limit is ${putBytes}`);
  }
}

function recordOf({ text, updateTime, expiresAtMs, value }: FoundRecord): PutRecord {
  return { key: keyOfText(text), updateTime, expiresAtMs, value: bytesOf(value) };
}

function bytesOf(characters: string): Uint8Array {
  return Buffer.from(characters, "latin1");
}
