import { type CqlCluster, cannotOpen, connectCql, notInitialised } from "./cql-cluster.ts";
import { type CqlAddress, parseCqlUrl } from "./cql-url.ts";
import { StoreOpenError } from "./plan-store.ts";

export type InitCqlOptions = {
  /** `cql://…`, see `parseCqlUrl`. Its user needs the right to create what is missing. */
  url: string;
  /** Replicas in each data centre, by its name. Three in the URL's by default. */
  replicas?: Readonly<Record<string, number>>;
};

/** Version of the tables; a store opens these only. */
const schemaVersion = 1;

/** Numbers stored in place of a RecordKind: never change or reuse one. */
export const kindCodes = { planStatus: 1, planGroup: 2 } as const;

// Every put reads its key first, and every key is overwritten again and again: levels keep the number of files per
// read small. Nothing is ever deleted by a statement, but a replica that missed a record must not bring back its
// predecessor after it has expired: gc_grace_seconds stays longer than the time between two repairs.
const tables = [
  `CREATE TABLE IF NOT EXISTS record (
    asn bigint, kind tinyint, client_id blob, id blob,
    entry blob,
    PRIMARY KEY ((asn, kind, client_id, id))
  ) WITH compaction = {'class': 'LeveledCompactionStrategy'} AND gc_grace_seconds = 864000`,
  "CREATE TABLE IF NOT EXISTS store_schema (name text PRIMARY KEY, version int)",
];

const selectVersion = "SELECT version FROM store_schema WHERE name = 'record'";

/**
 * Creates what a store needs: keyspace, tables and the row that says which version they are.
 *
 * What exists stays as it is, the replication of an existing keyspace too; so it may be run again, also after it was
 * interrupted. Run it once, not on several machines at a time. Rejects with StoreOpenError.
 */
export async function initCqlKeyspace({ url, replicas }: InitCqlOptions): Promise<void> {
  const address = parseCqlUrl(url);
  const options = replicationOf(replicas ?? { [address.dc]: 3 });
  await withCluster(address, false, async (cluster) => {
    await cluster.run(`CREATE KEYSPACE IF NOT EXISTS "${address.keyspace}" WITH replication = ${options}`);
  });
  await withCluster(address, true, async (cluster) => {
    for (const table of tables) await cluster.run(table);
    const found = await versionIn(cluster);
    if (found === undefined) {
      await cluster.run("INSERT INTO store_schema (name, version) VALUES ('record', ?)", [schemaVersion]);
    } else requireVersion(address, found);
  });
}

/** Makes sure that the tables are there, in this version. Rejects with StoreOpenError, or the driver's own error. */
export async function checkSchema(address: CqlAddress, cluster: CqlCluster): Promise<void> {
  const found = await versionIn(cluster);
  if (found === undefined) throw notInitialised(address.keyspace);
  requireVersion(address, found);
}

/** Reads the version once more: the cheapest question that only a quorum can answer. Rejects with StoreUnavailable. */
export async function askQuorum(cluster: CqlCluster): Promise<void> {
  await cluster.read(selectVersion, []);
}

async function versionIn(cluster: CqlCluster): Promise<number | undefined> {
  const [row] = await cluster.run(selectVersion);
  return row?.version;
}

function requireVersion({ keyspace }: CqlAddress, found: number): void {
  if (found === schemaVersion) return;
  throw new StoreOpenError(
    `the keyspace "${keyspace}" has tables of version ${found}, and this program knows version ${schemaVersion}: ${
      found > schemaVersion ? "update this program" : "choose another keyspace"
    }`,
  );
}

function replicationOf(replicas: Readonly<Record<string, number>>): string {
  const entries = Object.entries(replicas).map(([dc, count]) => {
    if (!/^[\w.-]+$/.test(dc) || !Number.isInteger(count) || count < 1) {
      throw new StoreOpenError(
        `${count} replicas in the data centre "${dc}" cannot be: name it as the cluster does, with 1 or more`,
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
  const cluster = await connectCql({ address, inKeyspace, nodeTimeout: 10_000 });
  try {
    await work(cluster);
  } catch (error) {
    throw cannotOpen(address, error);
  } finally {
    await cluster.end();
  }
}
