import { StoreOpenError } from "../plan-store.ts";
import { type CqlCluster, cannotOpen, connectCql, notInitialised } from "./cluster.ts";
import { withCqlLock } from "./lock.ts";
import { type CqlAddress, parseCqlUrl } from "./url.ts";

export type InitCqlOptions = {
  /** `cql://…`, see `parseCqlUrl`. Its user needs the right to create what is missing. */
  url: string;
  /** Replicas in each data centre, by its name. Three in the URL's by default. */
  replicas?: Readonly<Record<string, number>>;
};

/**
 * The step at index n brings the tables from version n to n + 1. Steps that were released never change. Cassandra has
 * no transaction for them: each statement must be one that can be run again, after a program was killed half way.
 */
const recordSteps: readonly (readonly string[])[] = [
  // Every put reads its key first, and every key is overwritten again and again: levels keep the number of files per
  // read small. Nothing is ever deleted by a statement, but a replica that missed a record must not bring back its
  // predecessor after it has expired: gc_grace_seconds stays longer than the time between two repairs.
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
 * Creates what a store needs: keyspace, tables and the row that says which version they are; tables of an older version
 * are brought up to this one.
 *
 * What exists stays as it is, the replication of an existing keyspace too; so it may be run again, also after it was
 * interrupted. Of several that are run at once one works and the others wait for it, but only once the keyspace is
 * there: Cassandra takes it ill when two create the same first table. Rejects with StoreOpenError, and leaves tables of
 * a newer version alone.
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
    const isCurrent = async () => {
      const found = (await versionIn(cluster)) ?? 0;
      if (found > steps.length) {
        throw newer(address, found, steps.length);
      }
      return found === steps.length;
    };
    if (await isCurrent()) {
      return;
    }
    await withCqlLock(cluster, async () => {
      if (await isCurrent()) {
        return;
      }
      for (let version = (await versionIn(cluster)) ?? 0; version < steps.length; version++) {
        for (const statement of steps[version] ?? []) {
          await cluster.run(statement);
        }
        await cluster.run(insertVersion, [version + 1]);
      }
    });
  });
}

/** Makes sure that the tables are there, in this version. Rejects with StoreOpenError, or the driver's own error. */
export async function checkSchema(address: CqlAddress, cluster: CqlCluster): Promise<void> {
  const found = await versionIn(cluster);
  if (found === undefined) {
    throw notInitialised(address.keyspace);
  }
  if (found > recordSteps.length) {
    throw newer(address, found, recordSteps.length);
  }
  if (found < recordSteps.length) {
    throw older(address, found, recordSteps.length);
  }
}

/** Reads the version once more: the cheapest question that only a quorum can answer. Rejects with StoreUnavailable. */
export async function askQuorum(cluster: CqlCluster): Promise<void> {
  await cluster.read(selectVersion, []);
}

async function versionIn(cluster: CqlCluster): Promise<number | undefined> {
  const [row] = await cluster.run(selectVersion);
  return row?.version;
}

function newer({ keyspace }: CqlAddress, found: number, known: number): StoreOpenError {
  return new StoreOpenError(
    `the keyspace "${keyspace}" has tables of version ${found}, but this program knows only ${known}; ` +
      "run the program that wrote it or a later one, or choose another keyspace",
  );
}

// A server has no right to change tables, and must not: the others may still be of the older version.
function older({ keyspace }: CqlAddress, found: number, known: number): StoreOpenError {
  return new StoreOpenError(
    `the keyspace "${keyspace}" has tables of version ${found}, and this program needs ${known}: ` +
      "bring them up to date with mdps store init",
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
