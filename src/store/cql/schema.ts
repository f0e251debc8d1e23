import { StoreOpenError } from "../plan-store.ts";
import { type CqlCluster, cannotOpen, connectCql, notInitialised } from "./cluster.ts";
import { withCqlLock } from "./lock.ts";
import { type CqlAddress, parseCqlUrl } from "./url.ts";

type InitCqlOptions = {
  /** `cql://…`, see `parseCqlUrl`. Its user must be allowed to create keyspaces and tables. */
  url: string;
  /** Number of replicas by the name of the data centre. Defaults to 3 in that of the URL. */
  replicas?: Readonly<Record<string, number>>;
};

/**
 * The step at index n brings the tables from version n to n + 1. Released steps never change. Cassandra has no
 * transactions for them, so it must be possible to run each statement again after a program was killed halfway.
 */
const recordSteps: readonly (readonly string[])[] = [
  // Every put reads its key first, and keys are overwritten often: with levels, few files are read. gc_grace_seconds
  // must exceed the time between two repairs: otherwise a replica that missed a record could bring back its predecessor
  // after the record has expired.
  [
    `CREATE TABLE IF NOT EXISTS record (
      asn bigint, kind tinyint, client_id blob, id blob,
      entry blob,
      PRIMARY KEY ((asn, kind, client_id, id))
    ) WITH compaction = {'class': 'LeveledCompactionStrategy'} AND gc_grace_seconds = 864000`,
  ],
];

const versionTable = "CREATE TABLE IF NOT EXISTS store_schema (name text PRIMARY KEY, version int)";

const insertVersion = "INSERT INTO store_schema (name, version) VALUES ('record', ?)";
const selectVersion = "SELECT version FROM store_schema WHERE name = 'record'";

/**
 * Creates the keyspace, the tables and the row with their version; migrates tables of an older version.
 *
 * May run again, also after an interruption: current tables and the replication of an existing keyspace stay. Concurrent
 * runs wait for each other, but must not create the first table of a keyspace concurrently. Rejects with StoreOpenError,
 * and does not change tables of a newer version.
 */
export async function initCqlKeyspace(
  { url, replicas }: InitCqlOptions,
  steps: readonly (readonly string[])[] = recordSteps,
): Promise<void> {
  const address = parseCqlUrl(url);
  const options = replicationOf(replicas ?? { [address.dc]: 3 });
  await withCluster(address, false, async (cluster) => {
    await cluster.run(`CREATE KEYSPACE IF NOT EXISTS "${address.keyspace}" WITH replication = ${options}`);
  });
  await withCluster(address, true, async (cluster) => {
    await cluster.run(versionTable);
    const supportedVersion = async () => {
      const found = (await versionIn(cluster)) ?? 0;
      if (found > steps.length) {
        throw newer(address, found, steps.length);
      }
      return found;
    };
    if ((await supportedVersion()) === steps.length) {
      return;
    }
    await withCqlLock(cluster, async () => {
      for (let version = await supportedVersion(); version < steps.length; version++) {
        for (const statement of steps[version] ?? []) {
          await cluster.run(statement);
        }
        await cluster.run(insertVersion, [version + 1]);
      }
    });
  });
}

/** Checks that the tables exist in this version. Rejects with StoreOpenError, or the driver's own error. */
export async function checkSchema(address: CqlAddress, cluster: CqlCluster): Promise<void> {
  const found = await versionIn(cluster);
  if (found === undefined) {
    throw notInitialised(address.keyspace);
  }
  if (found > recordSteps.length) {
    throw newer(address, found, recordSteps.length);
  }
  if (found < recordSteps.length) {
    // A server must not change tables, because other servers may still be of the older version.
    throw new StoreOpenError(
      `the keyspace "${address.keyspace}" has tables of version ${found}, and this program requires ${recordSteps.length}: ` +
        "migrate them with mdps store init",
    );
  }
}

/** Reads the version, which only a quorum can answer. Rejects with StoreUnavailable. */
export async function askQuorum(cluster: CqlCluster): Promise<void> {
  await cluster.read(selectVersion, []);
}

async function versionIn(cluster: CqlCluster): Promise<number | undefined> {
  const [row] = await cluster.run(selectVersion);
  return row?.version;
}

function newer({ keyspace }: CqlAddress, found: number, known: number): StoreOpenError {
  return new StoreOpenError(
    `the keyspace "${keyspace}" has tables of version ${found}, but this program only supports versions up to ${known}; ` +
      "run the program that wrote it or a later one, or choose another keyspace",
  );
}

function replicationOf(replicas: Readonly<Record<string, number>>): string {
  const entries = Object.entries(replicas).map(([dc, count]) => {
    if (!/^[\w.-]+$/.test(dc) || !Number.isInteger(count) || count < 1) {
      throw new StoreOpenError(
        `invalid number of replicas or data centre: ${count} in "${dc}"; use 1 or more, and the name that the cluster uses`,
      );
    }
    return `'${dc}': ${count}`;
  });
  return `{'class': 'NetworkTopologyStrategy', ${entries.join(", ")}}`;
}

async function withCluster(
  address: CqlAddress,
  inKeyspace: boolean,
  work: (cluster: CqlCluster) => Promise<void>,
): Promise<void> {
  const cluster = await connectCql(address, inKeyspace, 10_000);
  try {
    await work(cluster);
  } catch (error) {
    throw cannotOpen(address, error);
  } finally {
    await cluster.end();
  }
}
