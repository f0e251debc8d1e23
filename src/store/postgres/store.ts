import { systemClock } from "../../contract/clock.ts";
import { createBatchQueue } from "../batch-queue.ts";
import {
  type EngineOptions,
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
import { expiryTime } from "../record.ts";
import { startSweeper } from "../sweeper.ts";
import {
  createPostgresConnection,
  type PostgresConnection,
  type PostgresConnectionOptions,
  type PostgresStatement,
} from "./connection.ts";
import { putWithDuplicateKeys } from "./duplicate-keys.ts";
import { openError, unavailable } from "./error.ts";
import { getBatch } from "./gets.ts";
import { putBatch } from "./puts.ts";
import { scanRecords, scanSnapshot } from "./scan.ts";
import { prepareSchema } from "./schema.ts";
import { readOnly } from "./session.ts";
import { removeExpired, sliceRows } from "./sweep.ts";

/** Version of `pg` that the engine is tested with. */
export const pgVersion = "8.23.1";

export type PostgresStoreOptions = EngineOptions & {
  /**
   * The database: `postgres://user:password@host:port/database`, with `sslmode` and certificate files as parameters of
   * `pg`: https://node-postgres.com/features/ssl. A pooler must not give each transaction another connection, because
   * statements are prepared and settings made once per connection.
   */
  url: string;
  /** Schema of the tables, created if missing. Stores of different schemas are independent. Defaults to `mdps`. */
  schema?: string;
  /** Puts that may wait for each connection, and gets likewise; further ones reject. Defaults to 65,536. */
  maxWaiting?: number;
  /** Connections for puts; those of one key always use the same one. Defaults to 2. */
  putConnections?: number;
  /** Time that connecting may take, and each statement, in ms; then calls reject. Defaults to 5,000. */
  timeout?: number;
  /** Time between two sweeps of expired records, in ms. Defaults to 1,000. */
  sweepInterval?: number;
};

const commit: PostgresStatement = { name: "commit", text: "COMMIT" };

/** A commit without a lock or a row, which waits for the disk and the synchronous standbys like that of a put. */
const tryCommit: PostgresStatement = {
  name: "try-commit",
  text: "SELECT pg_logical_emit_message(true, 'mdps', '')",
};

const selectReadOnly: PostgresStatement = {
  name: "read-only",
  text: "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool",
};

/** Largest sum of the sizes of the puts that wait for one connection, in bytes. */
const maxWaitingBytes = 128 * 1024 * 1024;

/** Pause between two slices of a sweep, in ms: about as long as a slice takes, for puts. */
const slicePause = 10;

/**
 * Opens a store with its records in PostgreSQL 15 or later. Any number of servers may share a database.
 *
 * - **Atomicity.** A put is one statement, which compares and writes under the lock of the row, also with other servers.
 * - **Durability.** Commits wait for the server's disk (`synchronous_commit = on`; `fsync = off` is rejected), and for
 *   its synchronous standbys if it has any. A failover to another standby loses what it had not received.
 * - **Order.** Puts of one key through one store take effect in the order of their calls. A put that is replaced by
 *   another of its batch is not written separately.
 * - **Time.** Expiry depends on each store's own clock, so servers that share a database need synchronized clocks.
 * - **Outages.** If the server is lost, read-only, full or silent, calls reject with StoreUnavailable within about twice
 *   the timeout, and succeed again a moment after it is back. A put that is interrupted by the loss of its connection
 *   is not retried, and may or may not be stored.
 *
 * Puts that arrive while a batch is written share the next one. A record may take 16 MiB. A store has two connections
 * for puts by default, one for gets, one for sweeps and scans, and one for health checks; each snapshot has one more.
 * Rejects with StoreOpenError, whose message never contains the password.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<PlanStore> {
  const { url, schema = "mdps", clock = systemClock, maxWaiting = 65_536, timeout = 5_000 } = options;
  const shared: PostgresConnectionOptions = {
    Client: await loadClient(),
    url,
    schema,
    timeout,
    turns: { last: Promise.resolve() },
  };
  const putting = Array.from({ length: options.putConnections ?? 2 }, () => createPostgresConnection(shared));
  const reading = createPostgresConnection(shared);
  const background = createPostgresConnection(shared);
  const probe = createPostgresConnection(shared);
  const connections = [background, ...putting, reading, probe];
  const endAll = () => Promise.all(connections.map((connection) => connection.end()));

  try {
    await prepareSchema(await background.connect(), schema, undefined, () => background.run(commit, []));
    await Promise.all(connections.map((connection) => connection.connect()));
  } catch (error) {
    await endAll();
    throw openError(error, url);
  }

  let lastPutFailed = false;
  const puts = putting.map((connection) =>
    createBatchQueue<PutRecord, PutOutcome>({
      async run(records) {
        const now = clock.now();
        const outcomes = await putWithDuplicateKeys(records, now, (batch) =>
          putBatch(connection, url, batch, now),
        ).catch((error) => {
          lastPutFailed = true;
          throw error;
        });
        lastPutFailed = outcomes.some((outcome) => outcome instanceof Error);
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
    run: (keys) => getBatch(reading, keys, clock.now()),
    batchItems: 256,
    maxItems: maxWaiting,
  });
  const { sweepInterval: interval = 1_000 } = options;
  const sweeper = startSweeper({
    removeSlice: () => removeExpired(background, expiryTime(clock, options.keepExpired)),
    sliceRows,
    slicePause: () => Math.min(slicePause, interval),
    interval,
    onSweep: options.onSweep,
  });

  const snapshots = new Set<PostgresConnection>();

  async function release(): Promise<void> {
    sweeper.stop();
    await Promise.all([...puts, gets].map((queue) => queue.drain()));
    await Promise.all([endAll(), ...[...snapshots].map((connection) => connection.end())]);
  }
  let closed: Promise<void> | undefined;

  async function* snapshot(scan: ScanOptions): AsyncGenerator<RecordPage> {
    if (closed) {
      throw new StoreUnavailable("the store is closed");
    }
    const connection = createPostgresConnection({ ...shared, reconnects: false });
    snapshots.add(connection);
    try {
      yield* scanSnapshot(connection, clock, scan);
    } finally {
      snapshots.delete(connection);
    }
  }

  return {
    put(record, signal) {
      const size = sizeOfPut(record);
      const problem = problemOf(record, size);
      if (problem !== undefined) {
        return Promise.reject(new RangeError(problem));
      }
      return queueOf(puts, record.key).add(record, size, signal);
    },
    get: (key, signal) => gets.add(key, 0, signal),
    scan: (scan = {}) => (scan.snapshot ? snapshot(scan) : scanRecords(background, clock, scan)),
    async health() {
      if (closed) {
        throw new StoreUnavailable("the store is closed");
      }
      const [[isReadOnly] = []] = await probe.read(selectReadOnly);
      if (isReadOnly !== "f") {
        throw readOnly();
      }
      if (lastPutFailed) {
        await probe.run(tryCommit, []).catch((error) => {
          throw unavailable(error, url);
        });
        lastPutFailed = false;
      }
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
      `the PostgreSQL store requires the package pg: npm install pg@${pgVersion} (${reason})`,
    );
  }
}

/** Returns why a record cannot be stored, if no statement can carry it. Found later, it would fail its whole batch. */
function problemOf({ key, updateTime, expiresAtMs = 0 }: PutRecord, size: number): string | undefined {
  if (size > putBytes) {
    return `the record takes up to ${size} bytes; the limit is ${putBytes}`;
  }
  const { seconds = 0, nanos = 0 } = updateTime ?? {};
  const invalid = [key.asn, seconds, nanos, expiresAtMs].find((number) => !Number.isSafeInteger(number));
  return invalid === undefined
    ? undefined
    : `the record has the number ${invalid}, which is not a safe integer`;
}

/** Returns the queue of a key: always the same one, so that its puts stay in order. */
function queueOf<Queue>(queues: readonly Queue[], key: RecordKey): Queue {
  let hash = key.asn;
  // Only the end of the id, which differs more than its beginning.
  for (let index = Math.max(0, key.id.length - 16); index < key.id.length; index++) {
    hash = (Math.imul(hash, 31) + key.id.charCodeAt(index)) | 0;
  }
  return queues[(hash >>> 0) % queues.length] as Queue;
}
