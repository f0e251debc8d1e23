import { systemClock } from "../../contract/clock.ts";
import {
  type EngineOptions,
  type PlanStore,
  type PutOutcome,
  type PutRecord,
  type RecordKey,
  SnapshotUnsupported,
} from "../plan-store.ts";
import { expiryTime, isExpired, keyText, kindCodes, staleBy } from "../record.ts";
import { createCallLimiter } from "./call-limiter.ts";
import { cannotOpen, connectCql } from "./cluster.ts";
import { decodeEntry, encodeEntry } from "./entry.ts";
import { createKeyQueues } from "./key-queues.ts";
import { scanTokens } from "./scan.ts";
import { askQuorum, checkSchema } from "./schema.ts";
import { parseCqlUrl } from "./url.ts";
import { timestampOf, ttlOf } from "./write-time.ts";

/** Cassandra has neither batches nor sweeps, so it never calls `onBatch` and `onSweep`. */
type CqlStoreOptions = EngineOptions & {
  /** `cql://…`, see `parseCqlUrl`. */
  url: string;
  /** Calls that may wait for the cluster; further ones reject. Defaults to 16,384. */
  maxWaiting?: number;
  /** Calls that the cluster works on at a time. Defaults to 512. */
  maxRunning?: number;
  /** How long one node may take for a statement before the next one is tried, in ms. Defaults to 3,000. */
  nodeTimeout?: number;
};

/** Largest size of key and value, in bytes: half of Cassandra's default limit of a mutation. */
const recordBytes = 8 * 1024 * 1024;

/** Largest size of client id and id in UTF-8, in bytes. Cassandra's limit is 65,535, with the framing of four parts. */
const keyBytes = 65_000;

/** Largest sum of the sizes of all waiting puts, in bytes. */
const maxWaitingBytes = 256 * 1024 * 1024;

/** Longest wait of a call before it runs, in ms. */
const maxWait = 10_000;

const keyIs = "asn = ? AND kind = ? AND client_id = ? AND id = ?";
const selectEntry = `SELECT entry FROM record WHERE ${keyIs}`;
const selectForPut = `SELECT entry, writetime(entry) AS timestamp FROM record WHERE ${keyIs}`;
const insert =
  "INSERT INTO record (asn, kind, client_id, id, entry) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ? AND TTL ?";

type Put = {
  readonly record: PutRecord;
  readonly key: readonly unknown[];
  readonly signal: AbortSignal | undefined;
};

/**
 * Opens a store with its records in Apache Cassandra, or in a database with its protocol.
 *
 * Any number of servers may share a keyspace. A put reads the stored record and then writes, both at LOCAL_QUORUM; puts
 * of one key through one store run one after the other. Its promises differ from those of PlanStore:
 *
 * - **Order.** Reading and writing are not atomic for concurrent puts of one key *through different stores*. Then `stored`
 *   means that this record or a newer one is stored: the newer one wins in every replica and region, because replicas
 *   keep the later update time (`timestampOf`). Any one of the records wins, complete, if they have the same microsecond,
 *   if one is of more than a day before or after now by the machine's clock, or if the stored one had expired or had no
 *   update time.
 * - **Visibility and `stale`** apply within a data centre; another one returns a record once it has been replicated.
 * - **Durability** depends on the cluster: with `commitlog_sync: batch` or `group`, a quorum has the record on disk.
 * - **Expiry** is by the store's clock, but the database also removes a record two days after it has expired. That time
 *   passes by the clocks of the nodes: with a clock that stands still or is moved, use `keepExpired`, which keeps records
 *   on disk until they are replaced.
 * - **Snapshots** are not supported: `scan` rejects with SnapshotUnsupported.
 *
 * A record may take 8 MiB, and its client id and id 65,000 bytes. Rejects with StoreOpenError.
 */
export async function openCqlStore(options: CqlStoreOptions): Promise<PlanStore> {
  const { url, clock = systemClock, keepExpired, maxWaiting = 16_384, maxRunning = 512 } = options;
  const { nodeTimeout = 3_000 } = options;
  const address = parseCqlUrl(url);
  const cluster = await connectCql(address, true, nodeTimeout);
  try {
    await checkSchema(address, cluster);
  } catch (error) {
    await cluster.end();
    throw cannotOpen(address, error);
  }
  const limiter = createCallLimiter({ maxCalls: maxWaiting, maxBytes: maxWaitingBytes, maxRunning, maxWait });

  const queues = createKeyQueues<Put, PutOutcome | undefined>((puts) => limiter.run(() => putOneKey(puts)));

  /** Returns the outcomes of sequential puts of one key, undefined if aborted, with one read and at most one write. */
  async function putOneKey(puts: readonly Put[]): Promise<(PutOutcome | undefined)[]> {
    const aborted = puts.map(({ signal }) => signal?.aborted ?? false);
    const [first] = puts;
    if (!first || !aborted.includes(false)) {
      return puts.map(() => undefined);
    }
    const [row] = await cluster.read(selectForPut, first.key);
    const now = clock.now();
    const before = row?.entry ? decodeEntry(row.entry) : undefined;
    let newest = before;
    const outcomes = puts.map(({ record }, index): PutOutcome | undefined => {
      if (aborted[index]) {
        return undefined;
      }
      const storedUpdateTime = staleBy(newest, record, now);
      if (storedUpdateTime) {
        return { outcome: "stale", storedUpdateTime };
      }
      newest = record;
      return { outcome: "stored" };
    });
    if (newest && newest !== before) {
      const machineNow = systemClock.now();
      const timestamp = timestampOf(newest, row?.timestamp, machineNow);
      const isKept = keepExpired && !isExpired(newest, expiryTime(clock, true));
      const ttl = isKept ? 0 : ttlOf(newest, timestamp, now, machineNow);
      await cluster.write(insert, [...first.key, encodeEntry(newest), timestamp, ttl]);
    }
    return outcomes;
  }

  async function release(): Promise<void> {
    await limiter.drain();
    await cluster.end();
  }
  let closed: Promise<void> | undefined;

  return {
    async put(record, signal) {
      signal?.throwIfAborted();
      const put = { record, key: columnsOf(record.key), signal };
      const outcome = await limiter.admit(sizeOf(record), () => queues.add(keyText(record.key), put));
      if (!outcome) {
        throw signal?.reason;
      }
      return outcome;
    },
    async get(key, signal) {
      signal?.throwIfAborted();
      const [row] = await limiter.admit(0, () =>
        limiter.run(async () => {
          signal?.throwIfAborted();
          return cluster.read(selectEntry, columnsOf(key));
        }),
      );
      const entry = row?.entry && decodeEntry(row.entry);
      return !entry || isExpired(entry, clock.now()) ? undefined : entry.value;
    },
    async *scan(options = {}) {
      if (options.snapshot) {
        throw new SnapshotUnsupported(
          "Cassandra has no snapshot of a table across its nodes; with --no-snapshot records may be as of different moments",
        );
      }
      const read = (statement: string, parameters: readonly unknown[]) =>
        limiter.admit(0, () => limiter.run(() => cluster.read(statement, parameters)));
      yield* scanTokens(read, clock, options);
    },
    async health() {
      limiter.check();
      await limiter.admit(0, () => askQuorum(cluster));
    },
    close() {
      closed ??= release();
      return closed;
    },
  };
}

function columnsOf({ asn, kind, clientId, id }: RecordKey): unknown[] {
  return [BigInt(asn), kindCodes[kind], Buffer.from(clientId), Buffer.from(id)];
}

/** Returns the size of key and value, in bytes. Raises RangeError if it exceeds a limit. */
function sizeOf({ key, value }: PutRecord): number {
  const ofKey = Buffer.byteLength(key.clientId) + Buffer.byteLength(key.id);
  if (ofKey > keyBytes) {
    throw new RangeError(`client id and id take ${ofKey} bytes; the limit is ${keyBytes}`);
  }
  const size = ofKey + value.length;
  if (size > recordBytes) {
    throw new RangeError(`the record takes ${size} bytes; the limit is ${recordBytes}`);
  }
  return size;
}
