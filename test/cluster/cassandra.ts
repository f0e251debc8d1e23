import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Properties shared by all nodes of a test cluster. */
export type Installation = {
  /** Class path of Cassandra, its libraries included. */
  readonly classpath: string;
  readonly cqlPort: number;
  readonly storagePort: number;
};

/** Addresses of the three nodes. */
export const hosts = ["127.0.0.1", "127.0.0.2", "127.0.0.3"] as const;

/** How far the clock of each node is ahead, in ms: the store must not depend on the clocks of nodes. */
const skews = [0, 4_000, -4_000];

/** Name of the data centre with SimpleSnitch. */
export const dc = "datacenter1";

/** Returns what this machine lacks to run the cluster, or undefined. */
export async function whatIsMissing(): Promise<string | undefined> {
  const java = await run("java", ["-version"]).catch(() => undefined);
  if (!java) {
    return "Java is not installed";
  }
  const [, version = "unknown"] = /version "([^"]+)"/.exec(java.stderr) ?? [];
  if (!version.startsWith("17.")) {
    return `Java is ${version}, not 17`;
  }
  if (!(await run("javac", ["-version"]).catch(() => undefined))) {
    return "Java has no compiler";
  }
  if (!(await run("mvn", ["-v"]).catch(() => undefined))) {
    return "Maven is not installed";
  }
  const free = await Promise.all(hosts.map((host) => listenOnce(host, 0).catch(() => undefined)));
  if (free.includes(undefined)) {
    return "127.0.0.1 to 127.0.0.3 are not all of this machine";
  }
  return undefined;
}

/** Downloads Cassandra with Maven, creates a certificate and finds free ports. */
export async function install(directory: string): Promise<Installation> {
  const file = join(directory, "classpath");
  const pom = join(import.meta.dirname, "pom.xml");
  await run("mvn", ["-q", "-B", "-f", pom, "dependency:build-classpath", `-Dmdep.outputFile=${file}`], {
    timeout: 600_000,
  });
  await makeCertificate(directory);
  const classpath = (await readFile(file, "utf8")).trim();
  await run("javac", ["-cp", classpath, "-d", directory, join(import.meta.dirname, "SkewedClock.java")]);
  return {
    classpath: `${classpath}:${directory}`,
    cqlPort: await freePort(),
    storagePort: await freePort(),
  };
}

/**
 * Writes the configuration of one node: durable, and as small as possible. Each write that waits for a sync of the commit
 * log occupies a thread, so there are many. Nodes whose clocks differ must not drop each other's messages as too old
 * (`internode_timeout`).
 */
export async function configure(directory: string, node: number, installation: Installation): Promise<void> {
  const own = join(directory, `node${node}`);
  await mkdir(own, { recursive: true });
  await writeFile(
    join(own, "cassandra.yaml"),
    `cluster_name: test
num_tokens: ${tokensPerNode}
initial_token: ${tokensOf(node)}
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
authenticator: PasswordAuthenticator
authorizer: AllowAllAuthorizer
role_manager: CassandraRoleManager
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters: [{ seeds: "${hosts.join(",")}" }]
listen_address: ${hosts[node]}
rpc_address: ${hosts[node]}
storage_port: ${installation.storagePort}
native_transport_port: ${installation.cqlPort}
client_encryption_options:
  enabled: true
  optional: true
  keystore: ${join(directory, "node.p12")}
  keystore_password: ${storePassword}
commitlog_sync: batch
commitlog_total_space: 256MiB
internode_timeout: false
auto_bootstrap: false
auto_snapshot: false
concurrent_reads: 16
concurrent_writes: 256
file_cache_size: 32MiB
networking_cache_size: 32MiB
memtable_heap_space: 64MiB
memtable_offheap_space: 32MiB
key_cache_size: 4MiB
`,
  );
  await writeFile(
    join(own, "logback.xml"),
    `<configuration><appender name="out" class="ch.qos.logback.core.ConsoleAppender"><encoder>
<pattern>%-5level %date{HH:mm:ss.SSS} %logger{0} %msg%n</pattern>
</encoder></appender><root level="INFO"><appender-ref ref="out"/></root></configuration>
`,
  );
}

/** The command line of Java that runs one node. */
export function commandOf(directory: string, node: number, { classpath }: Installation): string[] {
  const own = join(directory, `node${node}`);
  const jamm = classpath.split(":").find((path) => path.includes("/jamm-"));
  return [
    "java",
    "-Xms512m",
    "-Xmx512m",
    "-XX:MaxDirectMemorySize=256m",
    "-XX:+UseSerialGC",
    // The second compiler costs short-lived nodes more than it saves.
    "-XX:TieredStopAtLevel=1",
    `-javaagent:${jamm}`,
    ...opened.map((name) => `--add-opens=${name}=ALL-UNNAMED`),
    ...exported.map((name) => `--add-exports=${name}=ALL-UNNAMED`),
    "-Djdk.attach.allowAttachSelf=true",
    "-Dio.netty.tryReflectionSetAccessible=true",
    "-Dcassandra.clock=SkewedClock",
    `-Dskew=${skews[node]}`,
    `-Dcassandra.config=file://${own}/cassandra.yaml`,
    `-Dcassandra.storagedir=${own}/stored`,
    `-Dlogback.configurationFile=${own}/logback.xml`,
    "-Dcassandra.ring_delay_ms=1000",
    "-Dcassandra.skip_wait_for_gossip_to_settle=0",
    "-Dcassandra.superuser_setup_delay_ms=0",
    // The cheapest password hash, because every test connects to every node.
    "-Dcassandra.auth_bcrypt_gensalt_log2_rounds=4",
    "-Dcassandra.consistent.rangemovement=false",
    "-Dcassandra-foreground=yes",
    "-cp",
    classpath,
    "org.apache.cassandra.service.CassandraDaemon",
  ];
}

const storePassword = "changeit";
const tokensPerNode = 4;

// Fixed, so that three new nodes need not agree on them while they start.
function tokensOf(node: number): string {
  const count = BigInt(hosts.length * tokensPerNode);
  const tokens = Array.from({ length: tokensPerNode }, (_, turn) => {
    const index = BigInt(turn * hosts.length + node);
    return -(2n ** 63n) + 1n + (2n ** 64n / count) * index;
  });
  return tokens.join(",");
}

// From conf/jvm17-server.options of a Cassandra distribution.
const opened = [
  ..."io lang lang.module lang.reflect math net nio nio.charset util util.concurrent util.concurrent.atomic"
    .split(" ")
    .map((name) => `java.base/java.${name}`),
  ..."loader math module ref reflect util.jar vm".split(" ").map((name) => `java.base/jdk.internal.${name}`),
  "java.base/sun.nio.ch",
  "jdk.management/com.sun.management.internal",
];
const exported = [
  ..."misc ref util".split(" ").map((name) => `java.base/jdk.internal.${name}`),
  "java.base/java.lang.ref",
  "java.base/sun.nio.ch",
  "java.management.rmi/com.sun.jmx.remote.internal.rmi",
  ..."registry server transport.tcp".split(" ").map((name) => `java.rmi/sun.rmi.${name}`),
  "java.sql/java.sql",
  "jdk.attach/sun.tools.attach",
  "jdk.compiler/com.sun.tools.javac.file",
  "jdk.unsupported/sun.misc",
];

/** Creates `node.p12` for the nodes, and `ca.pem` for clients. */
async function makeCertificate(directory: string): Promise<void> {
  const store = ["-keystore", join(directory, "node.p12"), "-storepass", storePassword, "-alias", "node"];
  const names = hosts.map((host) => `ip:${host}`).join(",");
  await run("keytool", [
    "-genkeypair",
    ...["-keyalg", "RSA", "-validity", "2", "-storetype", "PKCS12"],
    ...["-dname", "CN=test cluster", "-ext", `san=${names}`],
    ...store,
  ]);
  const { stdout } = await run("keytool", ["-exportcert", "-rfc", ...store]);
  await writeFile(join(directory, "ca.pem"), stdout);
}

async function freePort(): Promise<number> {
  for (;;) {
    const port = await listenOnce(hosts[0], 0);
    const others = hosts.slice(1).map((host) => listenOnce(host, port).catch(() => undefined));
    if (!(await Promise.all(others)).includes(undefined)) {
      return port;
    }
  }
}

function listenOnce(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(port, host, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
