import { type Clock, systemClock } from "../../contract/clock.ts";
import { createBatchQueue } from "../batch-queue.ts";
import {
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
import { messageWithAdvice } from "./error.ts";
import { scanSqlite, scanSqliteSnapshot } from "./scan.ts";
import { startSupervisedWriter } from "./supervisor.ts";
import { startSweeping } from "./sweep.ts";
import { type SqliteThread, startSqliteThread } from "./thread.ts";

export type SqliteStoreOptions = {
  /** Where the files of the store are; created for the owner alone if missing. On a local disk. */
  directory: string;
  /** Decides what has expired. Defaults to the machine's clock. */
  clock?: Clock;
  /** Puts that may wait for the disk, and gets likewise; more are refused. Defaults to 65,536. */
  maxWaiting?: number;
  /** Largest size of the database file, in pages of 4 KiB; then puts fail as on a full disk. No limit by default. */
  maxPages?: number;
  /**
   * Memory for pages of the database, in bytes. Defaults to 16 MiB, which is enough as long as the page cache of the
   * system can hold the file; larger is not faster then.
   */
  cacheBytes?: number;
  /**
   * Pages of 4 KiB that the log may have before a commit copies them into the database. Defaults to 250. Less makes the
   * slowest puts faster; more makes all puts faster on a disk that takes milliseconds to sync.
   */
  checkpointPages?: number;
  /** Time between two looks for expired records, in ms. Defaults to 1,000. */
  sweepInterval?: number;
  /** Called after each commit with the number of puts that shared it. */
  onCommit?: (puts: number) => void;
  /** Called after each look for expired records with the number of those removed. */
  onSweep?: (removed: number) => void;
};

/** Largest sum of the sizes of all waiting puts, in bytes. */
const maxWaitingBytes = 256 * 1024 * 1024;

/**
 * Opens the store that keeps its records in a SQLite database, written by a thread of its own.
 *
 * Puts that arrive while a commit is in progress share the next one. Gets take the same way: they wait for the
 * commit in progress, never for the puts behind it. (Read from the main thread they would cost a tenth of the CPU
 * time, but a page that is not in memory would stop every other request until the disk has brought it.)
 *
 * Several stores, in one process or in several on one machine, may have the same directory: a put is compared with what
 * any of them has stored, and their writers take turns. A call that another process keeps from the database for longer
 * than five seconds rejects with StoreUnavailable.
 *
 * If the thread dies, the calls under way reject with StoreUnavailable, as do later ones until it is there again.
 *
 * A record may have 16 MiB. Rejects with StoreOpenError.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<PlanStore> {
  const { directory, clock = systemClock, maxWaiting = 65_536, sweepInterval = 1_000 } = options;
  const memory = allocatePutMemory();
  const buffer = putBufferOn(memory);
  const { maxPages, cacheBytes, checkpointPages } = options;
  const data = { directory, memory, options: { maxPages, cacheBytes, checkpointPages } };
  const thread = await startSupervisedWriter(data);

  const puts = createBatchQueue<PutRecord, PutOutcome>({
    async run(records) {
      writePuts(buffer, records);
      const { reasons } = await thread.ask({ type: "put", count: records.length, now: clock.now() });
      options.onCommit?.(records.length - reasons.length);
      let failed = 0;
      return records.map(
        (_, index) =>
          readOutcome(buffer, index) ??
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
      // Only what the worker needs: cloning takes along whatever else an object carries.
      const bare = keys.map(({ kind, asn, clientId, id }) => ({ kind, asn, clientId, id }));
      const { values } = await thread.ask({ type: "get", keys: bare, now: clock.now() });
      return values.map((value) =>
        typeof value === "string" ? new StoreUnavailable(`the record cannot be read: ${value}`) : value,
      );
    },
    batchItems: 64,
    batchBytes: Number.POSITIVE_INFINITY,
    maxItems: maxWaiting,
    maxBytes: Number.POSITIVE_INFINITY,
  });

  const sweeping = startSweeping({ thread, clock, interval: sweepInterval, onSweep: options.onSweep });

  let side: Promise<SqliteThread> | undefined;
  let closed: Promise<void> | undefined;

  /** Starts the second thread when it is first wanted, as most processes never scan, or again when it has died. */
  async function sideThread(): Promise<SqliteThread> {
    if (closed) {
      throw new StoreUnavailable("the store is closed");
    }
    side ??= startSideThread();
    try {
      return await side;
    } catch (error) {
      side = undefined;
      throw new StoreUnavailable(messageWithAdvice(error));
    }
  }

  async function startSideThread(): Promise<SqliteThread> {
    const started = await startSqliteThread("side", data);
    started.ended.then(() => {
      side = undefined;
    });
    return started;
  }

  async function release(): Promise<void> {
    sweeping.stop();
    const ending = side?.then(
      (thread) => thread.end(),
      () => undefined,
    );
    await Promise.all([puts.drain(), gets.drain(), ending]);
    await thread.end();
  }

  return {
    put(record, signal) {
      const size = sizeOfPut(record);
      if (size <= putBytes) {
        return puts.add(record, size, signal);
      }
      return Promise.reject(
        new RangeError(`the record takes up to ${size} bytes; the store has room for ${putBytes}`),
      );
    },
    get(key, signal) {
      return gets.add(key, 0, signal);
    },
    scan(options) {
      const scanning = { ...options, thread: sideThread, clock };
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
