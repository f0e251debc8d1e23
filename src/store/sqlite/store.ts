import { systemClock } from "../../contract/clock.ts";
import { createBatchQueue } from "../batch-queue.ts";
import {
  allocateGetMemory,
  batchGets,
  batchKeyBytes,
  getBufferOn,
  keyBytes,
  readAnswers,
  writeKeys,
} from "../get-buffer.ts";
import {
  type EngineOptions,
  type PlanStore,
  type PutOutcome,
  type PutRecord,
  type RecordKey,
  StoreUnavailable,
} from "../plan-store.ts";
import {
  allocatePutMemory,
  batchBytes,
  batchPuts,
  putBufferOn,
  putBytes,
  readOutcome,
  sizeOfPut,
  writePuts,
} from "../put-buffer.ts";
import { expiryTime, sizeOfKey } from "../record.ts";
import { startSweeper } from "../sweeper.ts";
import type { DatabaseOptions } from "./database.ts";
import { createScanner, scanSqlite, scanSqliteSnapshot } from "./scan.ts";
import { startSupervisedWriter } from "./supervisor.ts";

export type SqliteStoreOptions = DatabaseOptions &
  EngineOptions & {
    /** Directory of the store's files, on a local disk. If missing, it is created, accessible only to the owner. */
    directory: string;
    /** Puts that may wait for the disk, and gets likewise; further ones reject. Defaults to 65,536. */
    maxWaiting?: number;
    /** Time between two sweeps of expired records, in ms. Defaults to 1,000. */
    sweepInterval?: number;
  };

/** Largest sum of the sizes of all waiting puts, in bytes. */
const maxWaitingBytes = 256 * 1024 * 1024;

/** Records removed in one transaction, which puts wait for: about the work of a small batch of puts. */
const sliceRows = 50;

/**
 * Opens a store with its records in a SQLite database, written by its own thread.
 *
 * Puts that arrive during a commit share the next one. Gets are sent to the same thread and wait for the running commit
 * at most. (Reads on the main thread would cost half of the CPU time, but block every other request while the disk reads
 * a page.)
 *
 * Several stores on one machine may share a directory: a put is compared with the records of all, and their writers take
 * turns. A call rejects with StoreUnavailable if another process locks the database for longer than `busyTimeout`.
 *
 * If the thread dies, calls in flight reject with StoreUnavailable, as do later ones until it has been restarted.
 *
 * A record may take 16 MiB. Rejects with StoreOpenError.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<PlanStore> {
  const { directory, clock = systemClock, keepExpired, maxWaiting = 65_536, sweepInterval = 1_000 } = options;
  const { maxPages, cacheBytes, checkpointPages, busyTimeout, openTimeout } = options;
  const putMemory = allocatePutMemory();
  const getMemory = allocateGetMemory();
  const putBuffer = putBufferOn(putMemory);
  const getBuffer = getBufferOn(getMemory);
  // Without the functions of the options, which cannot be sent to a thread.
  const databaseOptions = { maxPages, cacheBytes, checkpointPages, busyTimeout, openTimeout };
  const data = { directory, putMemory, getMemory, options: databaseOptions };
  const thread = await startSupervisedWriter(data);

  const puts = createBatchQueue<PutRecord, PutOutcome>({
    async run(records) {
      writePuts(putBuffer, records);
      const { reasons } = await thread.ask({ type: "put", count: records.length, now: clock.now() });
      options.onBatch?.(records.length - reasons.length);
      let failed = 0;
      return records.map(
        (_, index) =>
          readOutcome(putBuffer, index) ??
          new StoreUnavailable(`the record was not stored: ${reasons[failed++]}`),
      );
    },
    batchItems: batchPuts,
    batchBytes,
    maxItems: maxWaiting,
    maxBytes: maxWaitingBytes,
  });

  const gets = createBatchQueue<RecordKey, Uint8Array | undefined>({
    async run(keys) {
      // The worker has no room for a key that no record can have.
      if (keys.some((key) => sizeOfKey(key) > keyBytes)) {
        return [undefined];
      }
      writeKeys(getBuffer, keys);
      const { posted } = await thread.ask({ type: "get", count: keys.length, now: clock.now() });
      const answers = posted.map((value) =>
        typeof value === "string" ? new StoreUnavailable(`the record cannot be read: ${value}`) : value,
      );
      return readAnswers(getBuffer, keys.length, answers);
    },
    batchItems: batchGets,
    batchBytes: batchKeyBytes,
    maxItems: maxWaiting,
  });

  const sweeper = startSweeper({
    async removeSlice() {
      const now = expiryTime(clock, keepExpired);
      return (await thread.ask({ type: "sweep", rows: sliceRows, now })).removed;
    },
    sliceRows,
    // The busier the thread is with puts, the less it sweeps.
    slicePause: (took) => 2 * took,
    interval: sweepInterval,
    onSweep: options.onSweep,
  });

  const scanner = createScanner({ ...data, identity: thread.identity });

  async function release(): Promise<void> {
    sweeper.stop();
    await Promise.all([puts.drain(), gets.drain(), scanner.end()]);
    await thread.end();
  }
  let closed: Promise<void> | undefined;

  return {
    put(record, signal) {
      const size = sizeOfPut(record);
      if (size <= putBytes) {
        return puts.add(record, size, signal);
      }
      return Promise.reject(new RangeError(`the record takes up to ${size} bytes; the limit is ${putBytes}`));
    },
    get(key, signal) {
      return gets.add(key, sizeOfKey(key), signal);
    },
    scan(options) {
      const scanning = { ...options, thread: scanner.thread, clock };
      return options?.snapshot ? scanSqliteSnapshot(scanning) : scanSqlite(scanning);
    },
    async health() {
      if (closed) {
        throw new StoreUnavailable("the store is closed");
      }
      await thread.ask({ type: "probe" });
    },
    close() {
      closed ??= release();
      return closed;
    },
  };
}
