import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import cassandra from "cassandra-driver";
import { commandOf, configure, dc, hosts, type Installation, install } from "./cassandra.ts";

/** The address of a running cluster, as data that can be passed to other threads. */
export type ClusterPlace = Installation & { readonly directory: string };

/** Three nodes of Cassandra on 127.0.0.1 to 127.0.0.3, counted from 0. */
export type Cluster = {
  readonly place: ClusterPlace;
  /** The URL of a store in the cluster, by default with a user that has all rights. */
  url(keyspace: string, options?: string, login?: string): string;
  /** A connected client of the driver. */
  connect(): Promise<cassandra.Client>;
  /** Kills a node with SIGKILL, or starts it again. */
  kill(node: number): Promise<void>;
  start(node: number): void;
  /** Freezes a node with its connections open, or resumes it. */
  freeze(node: number, frozen: boolean): void;
  /** Resolves once each of the nodes answers and sees all of them. */
  ready(): Promise<void>;
};

const superuser = { username: "cassandra", password: "cassandra" };
const user = { username: "mdps", password: "a/b:c@d" };

/** Starts a cluster in an empty directory. Call `stopCluster` afterwards, also if this rejects. */
export async function startCluster(directory: string): Promise<Cluster> {
  const installation = await install(directory);
  const cluster = clusterAt({ ...installation, directory });
  for (const node of hosts.keys()) {
    await configure(directory, node, installation);
    cluster.start(node);
  }
  await prepare(cluster.place);
  await cluster.ready();
  return cluster;
}

/** Creates the directory of a cluster. */
export const makeClusterDirectory = () => mkdtemp(join(tmpdir(), "mdps-cluster-"));

/** Kills every node and removes the directory. */
export function stopCluster(directory: string): void {
  for (const node of hosts.keys()) {
    const pid = pidOf(directory, node);
    if (pid !== undefined) {
      killNow(pid);
    }
  }
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

/** Returns the handle of a cluster that runs. */
export function clusterAt(place: ClusterPlace): Cluster {
  const { directory, cqlPort } = place;
  return {
    place,
    url(keyspace, options = "", login) {
      const own = `${user.username}:${encodeURIComponent(user.password)}`;
      return `cql://${login ?? own}@${hosts.join(",")}:${cqlPort}/${keyspace}?dc=${dc}${options}`;
    },
    async connect() {
      const client = clientOf(place, hosts, user);
      await client.connect();
      return client;
    },
    async kill(node) {
      const pid = pidOf(directory, node);
      if (pid === undefined) {
        throw new Error(`node ${node} was never started`);
      }
      killNow(pid);
      while (isRunning(pid)) {
        await pause(20);
      }
    },
    start(node) {
      const own = join(directory, `node${node}`);
      const [java = "", ...options] = commandOf(directory, node, place);
      const log = openSync(join(own, "log"), "a");
      // Detached, because it must outlive the thread of a test that restarts it.
      const child = spawn(java, options, { detached: true, stdio: ["ignore", log, log] });
      closeSync(log);
      child.unref();
      writeFileSync(join(own, "pid"), String(child.pid));
    },
    freeze(node, frozen) {
      const pid = pidOf(directory, node);
      if (pid !== undefined) {
        process.kill(pid, frozen ? "SIGSTOP" : "SIGCONT");
      }
    },
    async ready() {
      await Promise.all(hosts.map((host) => untilItSeesAll(place, host)));
    },
  };
}

/** Gives the keyspaces of logins and probes three replicas; a new cluster has one. */
async function prepare(place: ClusterPlace): Promise<void> {
  const client = await untilItWorks(place, async () => {
    const client = clientOf(place, hosts.slice(0, 1), superuser);
    await client.connect().catch(async (error) => {
      await client.shutdown();
      throw error;
    });
    return client;
  });
  const thrice = `{'class': 'NetworkTopologyStrategy', '${dc}': 3}`;
  // The schema is changed once all nodes see each other; otherwise nodes wait long for an agreement.
  await untilItWorks(place, async () => {
    const { rowLength } = await client.execute("SELECT peer FROM system.peers");
    if (rowLength !== hosts.length - 1) {
      throw new Error(`the first node sees ${rowLength} others`);
    }
  });
  await client.execute(`ALTER KEYSPACE system_auth WITH replication = ${thrice}`);
  await client.execute(
    `CREATE ROLE IF NOT EXISTS ${user.username} WITH PASSWORD = '${user.password}' AND LOGIN = true`,
  );
  await client.execute(`CREATE KEYSPACE IF NOT EXISTS probe WITH replication = ${thrice}`);
  await client.execute("CREATE TABLE IF NOT EXISTS probe.probe (id int PRIMARY KEY)");
  await client.shutdown();
}

async function untilItSeesAll(place: ClusterPlace, host: string): Promise<void> {
  await untilItWorks(place, async () => {
    const client = clientOf(place, [host], user);
    try {
      await client.execute("SELECT id FROM probe.probe WHERE id = 0", [], {
        consistency: cassandra.types.consistencies.all,
      });
    } finally {
      await client.shutdown();
    }
  });
}

/** Returns a client that only connects to these nodes. */
function clientOf(
  { cqlPort }: ClusterPlace,
  nodes: readonly string[],
  credentials: { username: string; password: string },
): cassandra.Client {
  const { AllowListPolicy, DCAwareRoundRobinPolicy } = cassandra.policies.loadBalancing;
  const contactPoints = nodes.map((node) => `${node}:${cqlPort}`);
  return new cassandra.Client({
    contactPoints,
    protocolOptions: { port: cqlPort },
    localDataCenter: dc,
    credentials,
    encoding: { useBigIntAsLong: true },
    policies: { loadBalancing: new AllowListPolicy(new DCAwareRoundRobinPolicy(dc), contactPoints) },
  });
}

async function untilItWorks<Result>(place: ClusterPlace, work: () => Promise<Result>): Promise<Result> {
  const end = performance.now() + 120_000;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > end) {
        throw new Error(`the cluster does not start:\n${lastLines(place)}`, { cause: error });
      }
      await pause(250);
    }
  }
}

function lastLines({ directory }: ClusterPlace): string {
  return [...hosts.keys()]
    .map((node) => join(directory, `node${node}`, "log"))
    .map((log) => (existsSync(log) ? readFileSync(log, "utf8").split("\n").slice(-15).join("\n") : ""))
    .join("\n\n");
}

function pidOf(directory: string, node: number): number | undefined {
  const file = join(directory, `node${node}`, "pid");
  return existsSync(file) ? Number(readFileSync(file, "utf8")) : undefined;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie is still listed, but has released its memory and sockets.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

function killNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has already ended.
  }
}
