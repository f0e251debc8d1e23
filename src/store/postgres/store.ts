import { type Clock, systemClock } from "../../contract/clock.ts";
import { type BatchQueue, createBatchQueue } from "../batch-queue.ts";
import {
  type PlanStore,
  type PutOutcome,
  type PutRecord,
  type RecordKey,
  type RecordPage,
  type ScanOptions,
  StoreOpenError,
  StoreUnavailable,
} from "../plan-store.ts";
import { batchBytes, batchPuts, putBytes, sizeOfPut } from "../put-buffer.ts";
import {
  createPostgresConnection,
  type PostgresConnection,
  type PostgresConnectionOptions,
} from "./connection.ts";
import { putWithDuplicateKeys } from "./duplicate-keys.ts";
import { openError } from "./error.ts";
import { getBatch } from "./gets.ts";
import { checkWritable } from "./health.ts";
import { putBatch } from "./puts.ts";
import { scanRecords, scanSnapshot } from "./scan.ts";
import { prepareSchema } from "./schema.ts";
import { startPostgresSweep } from "./sweep.ts";

/** Version of `pg` that this is tested with. */
export const pgVersion = "8.23.1";

export type PostgresStoreOptions = {
  /**
   * The database: `postgres://user:password@host:port/database`. `sslmode` and the files of certificates are given as
   * parameters, as `pg` reads them: https://node-postgres.com/features/ssl. Not through a pooler that gives each
   * transaction another connection: statements are prepared, and settings made, once for a connection.
   */
  url: string;
  /** Schema of the tables, created if missing. Stores of different schemas have nothing in common. Defaults to mdps. */
  schema?: string;
  /** Decides what has expired. Defaults to the machine's clock. */
  clock?: Clock;
  /** Puts that may wait in each lane, and gets likewise; more are refused. Defaults to 65,536. */
  maxWaiting?: number;
  /** Connections that puts are written over, each key always over the same one. Defaults to 2. */
  lanes?: number;
  /** Time that connecting may take, and each statement, in ms; then calls reject. Defaults to 5,000. */
  timeout?: number;
  /** Time between two looks for expired records, in ms. Defaults to 1,000. */
  sweepInterval?: number;
  /** Called after each batch of puts with their number. */
  onBatch?: (puts: number) => void;
  /** Called after each look for expired records with the number of those removed. */
  onSweep?: (removed: number) => void;
};

/** Largest sum of the sizes of the puts that wait in one lane, in bytes. */
const maxWaitingBytes = 128 * 1024 * 1024;

/**
 * Opens the store that keeps its records in PostgreSQL 15 or later. Any number of servers may share a database.
 *
 * - **Atomicity.** A put is one statement, which compares and writes under the row's lock: what is true of the puts
 *   of one server is true of those of several.
 * - **Durability.** Commits wait for the server's disk (`synchronous_commit = on`; `fsync = off` is refused), and for
 *   its synchronous standbys if it has any. A failover to another standby loses what that one had not received.
 * - **Order.** Puts of one key over one store take effect in the order of their calls. One that another of its batch
 *   replaces at once is stored with it, never by itself.
 * - **Time.** Expiry goes by each store's own clock, never by that of the database: servers that share a database
 *   need clocks that agree as closely as expiry is to be exact.
 * - **Faults.** A server that is lost, read-only, full or silent makes calls reject with StoreUnavailable, within
 *   about twice the time-out. Calls find it a moment after it is back. What the loss of a connection interrupts is not
 *   repeated, and may or may not be stored.
 *
 * Puts that arrive while a batch is written share the next one. A record may have 16 MiB. A store has a connection for
 * each lane, one for gets, one for sweeps and scans, and one for health: five in all, and one more for each scan of a
 * snapshot while it lasts. Rejects with StoreOpenError, whose
 * message never has the password.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<PlanStore> {
  const { url, schema = "mdps", clock = systemClock, maxWaiting = 65_536, timeout = 5_000 } = options;
  const shared: PostgresConnectionOptions = { Client: await loadClient(), url, schema, timeout };
  const lanes = Array.from({ length: options.lanes ?? 2 }, () => createPostgresConnection(shared));
  const reading = createPostgresConnection(shared);
  const background = createPostgresConnection(shared);
  const probe = createPostgresConnection(shared);
  const connections = [background, ...lanes, reading, probe];
  const endAll = () => Promise.all(connections.map((connection) => connection.end()));

  try {
    await prepareSchema(await background.connect(), schema);
    await Promise.all(connections.map((connection) => connection.connect()));
  } catch (error) {
    await endAll();
    throw openError(error, url);
  }

  const puts = lanes.map((lane) =>
    createBatchQueue<PutRecord, PutOutcome>({
      async run(records) {
        const now = clock.now();
        const outcomes = await putWithDuplicateKeys(records, now, (batch) => putBatch(lane, url, batch, now));
        options.onBatch?.(records.length);
        return outcomes;
      },
      batchItems: batchPuts,
      batchBytes,
      maxItems: maxWaiting,
      maxBytes: maxWaitingBytes,
    }),
  );
  const gets = createBatchQueue<RecordKey, Uint8Array | undefined>({
    run: (keys) => getBatch(reading, url, keys, clock.now()),
    batchItems: 256,
    batchBytes: Number.POSITIVE_INFINITY,
    maxItems: maxWaiting,
    maxBytes: Number.POSITIVE_INFINITY,
  });
  const { sweepInterval: interval = 1_000, onSweep } = options;
  const sweeping = startPostgresSweep({ connection: background, clock, interval, onSweep });

  async function release(): Promise<void> {
    sweeping.stop();
    await Promise.all([...puts, gets].map((queue) => queue.drain()));
    await Promise.all([endAll(), ...[...snapshots].map((connection) => connection.end())]);
  }
  let closed: Promise<void> | undefined;
  const snapshots = new Set<PostgresConnection>();

  async function* snapshot(scan: ScanOptions): AsyncGenerator<RecordPage, void, undefined> {
    if (closed) {
      throw new StoreUnavailable("the store is closed");
    }
    const connection = createPostgresConnection({ ...shared, reconnects: false });
    snapshots.add(connection);
    try {
      yield* scanSnapshot(connection, url, clock, scan);
    } finally {
      snapshots.delete(connection);
    }
  }

  return {
    put(record, signal) {
      const size = sizeOfPut(record);
      const fault = faultOfRecord(record, size);
      if (fault !== undefined) {
        return Promise.reject(new RangeError(fault));
      }
      return laneOf(puts, record.key).add(record, size, signal);
    },
    get: (key, signal) => gets.add(key, 0, signal),
    scan: (scan = {}) => (scan.snapshot ? snapshot(scan) : scanRecords(background, url, clock, scan)),
    async health() {
      if (closed) {
        throw new StoreUnavailable("the store is closed");
      }
      await checkWritable(probe, url);
    },
    close() {
      closed ??= release();
      return closed;
    },
  };
}

async function loadClient(): Promise<PostgresConnectionOptions["Client"]> {
  try {
    return (await import("pg")).Client;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreOpenError(
      `the PostgreSQL store needs the package pg: npm install pg@${pgVersion} (${reason})`,
    );
  }
}

/** Returns what no batch can carry about a record. Found later, it would be the fault of all that share its batch. */
function faultOfRecord({ key, updateTime, expiresAtMs = 0 }: PutRecord, size: number): string | undefined {
  if (size > putBytes) {
    return `the record takes up to ${size} bytes; the limit is ${putBytes}`;
  }
  const { seconds, nanos } = updateTime ?? { seconds: 0, nanos: 0 };
  const wrong = [key.asn, seconds, nanos, expiresAtMs].find((number) => !Number.isSafeInteger(number));
  return wrong === undefined ? undefined : `the record has the number ${wrong}, which is no safe integer`;
}

/** Returns the lane of a key: always the same one, so that its puts keep their order. */
function laneOf<Queue extends BatchQueue<PutRecord, PutOutcome>>(
  lanes: readonly Queue[],
  key: RecordKey,
): Queue {
  let hash = key.asn;
  // The end of an id tells more than its beginning, and long ids need not be read as a whole.
  for (let index = Math.max(0, key.id.length - 16); index < key.id.length; index++) {
    hash = (Math.imul(hash, 31) + key.id.charCodeAt(index)) | 0;
  }
  return lanes[(hash >>> 0) % lanes.length] as Queue;
}
