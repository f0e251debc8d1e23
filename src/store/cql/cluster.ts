import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import type * as Driver from "cassandra-driver";
import { StoreOpenError, StoreUnavailable } from "../plan-store.ts";
import { causesOf, errorCode, errorCodeOf, reasonOf } from "./error.ts";
import { createRetryPolicy } from "./retry-policy.ts";
import type { CqlAddress } from "./url.ts";

/** A row of the driver: a blob is a Buffer, a bigint is a bigint, smaller integers are numbers. */
export type CqlRow = Driver.types.Row;

/** A connected cluster. Statements are prepared once per node, and sent to a replica of the key at LOCAL_QUORUM. */
export type CqlCluster = {
  /** Runs a statement that changes nothing. Rejects with StoreUnavailable. */
  read(statement: string, parameters: readonly unknown[]): Promise<readonly CqlRow[]>;
  /** Runs an idempotent statement. Rejects with StoreUnavailable; the statement may have taken effect. */
  write(statement: string, parameters: readonly unknown[]): Promise<void>;
  /** Runs a statement without retries and rejects with the driver's error. For opening and for the schema. */
  run(statement: string, parameters?: readonly unknown[]): Promise<readonly CqlRow[]>;
  /** Closes every connection. */
  end(): Promise<void>;
};

type SpeculativePolicy = Driver.policies.speculativeExecution.SpeculativeExecutionPolicy;

/** The version of cassandra-driver that the engine is tested with. */
export const driverVersion = "4.10.0";

/** Time after which a read is sent to a second replica as well, in ms. */
const speculativeDelay = 200;

/** Longest pause between two attempts to reach a node that is down, in ms. */
const reconnectPause = 5_000;

/**
 * Connects to a cluster. With `inKeyspace` it uses the keyspace of the address, which then must exist. `nodeTimeout` is
 * how long one node may take for one statement before the next is tried, in ms. Rejects with StoreOpenError.
 */
export async function connectCql(
  address: CqlAddress,
  inKeyspace: boolean,
  nodeTimeout: number,
): Promise<CqlCluster> {
  const driver = await loadDriver();
  const { policies, types } = driver;
  const consistency = types.consistencies.localQuorum;
  const client = new driver.Client({
    contactPoints: [...address.contactPoints],
    protocolOptions: { port: address.port },
    localDataCenter: address.dc,
    ...(inKeyspace && { keyspace: address.keyspace }),
    ...(address.credentials && { credentials: { ...address.credentials } }),
    ...(address.tls && { sslOptions: tlsOptions(address.tls) }),
    encoding: { useBigIntAsLong: true },
    socketOptions: { connectTimeout: nodeTimeout, readTimeout: nodeTimeout },
    policies: {
      loadBalancing: new policies.loadBalancing.DefaultLoadBalancingPolicy({ localDc: address.dc }),
      reconnection: new policies.reconnection.ExponentialReconnectionPolicy(500, reconnectPause, false),
      speculativeExecution: speculativeReads(driver),
    },
  });
  // A write has its timestamp, so it may be retried on the next node, however far the first one got.
  const retried = { prepare: true, isIdempotent: true, consistency, retry: createRetryPolicy(driver) };

  try {
    await client.connect();
  } catch (error) {
    await client.shutdown();
    throw cannotOpen(address, error);
  }

  async function execute(action: "read" | "write", statement: string, parameters: readonly unknown[]) {
    try {
      return (await client.execute(statement, parameters as unknown[], retried)).rows;
    } catch (error) {
      throw new StoreUnavailable(`the cluster cannot ${action}: ${reasonOf(error)}`);
    }
  }

  return {
    read: (statement, parameters) => execute("read", statement, parameters),
    async write(statement, parameters) {
      await execute("write", statement, parameters);
    },
    async run(statement, parameters = []) {
      // A change of the schema takes longer than a put, and must not be retried automatically.
      const once = { consistency, readTimeout: 30_000, prepare: parameters.length > 0 };
      return (await client.execute(statement, parameters as unknown[], once)).rows ?? [];
    },
    end: () => client.shutdown(),
  };
}

/** Returns the error for a store that cannot be opened, with advice. */
export function cannotOpen(
  { contactPoints, port, dc, keyspace }: CqlAddress,
  error: unknown,
): StoreOpenError {
  if (error instanceof StoreOpenError) {
    return error;
  }
  const hosts = contactPoints.map((host) => `${host}:${port}`).join(", ");
  const reason = error instanceof StoreUnavailable ? error.message : reasonOf(error);
  if (causesOf(error).some(isRejectedLogin)) {
    return new StoreOpenError(
      `the cluster at ${hosts} rejects the user name and password: put both into the URL, cql://USER:PASSWORD@…`,
    );
  }
  if (errorCodeOf(error) === errorCode.invalid && /does not exist/.test(reason)) {
    return notInitialised(keyspace);
  }
  if (/localDataCenter/.test(reason)) {
    const [, found = "none"] = /data centers: \[(.*)\]/.exec(reason) ?? [];
    return new StoreOpenError(
      `the cluster at ${hosts} has no data centre "${dc}": set dc= to one of ${found}`,
    );
  }
  const advice =
    errorCodeOf(error) === undefined
      ? "check the hosts, dc=… and tls=…, and that the cluster is up, then try again"
      : "check the cluster, then try again";
  return new StoreOpenError(`cannot open the store at ${hosts}: ${reason}; ${advice}`);
}

/** Returns the error for a keyspace that does not exist, or has no tables. */
export function notInitialised(keyspace: string): StoreOpenError {
  return new StoreOpenError(
    `the keyspace "${keyspace}" has no tables of a store: create them with mdps store init`,
  );
}

// The driver raises one error for a missing login, and another for a wrong one.
function isRejectedLogin(error: unknown): boolean {
  return (
    errorCodeOf(error) === errorCode.badCredentials ||
    (error instanceof Error && error.constructor.name === "AuthenticationError")
  );
}

async function loadDriver(): Promise<typeof Driver.default> {
  try {
    return (await import("cassandra-driver")).default;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") {
      throw error;
    }
    throw new StoreOpenError(
      `a store at cql://… requires the driver of Cassandra: npm install cassandra-driver@${driverVersion}`,
    );
  }
}

// Only reads: duplicate writes would be harmless, but double the load of a cluster that is slow with writes.
function speculativeReads({ policies }: typeof Driver.default): SpeculativePolicy {
  const { ConstantSpeculativeExecutionPolicy, NoSpeculativeExecutionPolicy } = policies.speculativeExecution;
  const once: SpeculativePolicy = new NoSpeculativeExecutionPolicy();
  const twice: SpeculativePolicy = new ConstantSpeculativeExecutionPolicy(speculativeDelay, 1);
  const newPlan: SpeculativePolicy["newPlan"] = (keyspace, statement) =>
    (String(statement).startsWith("SELECT ") ? twice : once).newPlan(keyspace, statement);
  return Object.assign(new NoSpeculativeExecutionPolicy(), { newPlan });
}

// The driver's own default accepts any certificate.
function tlsOptions({ ca, cert, key }: NonNullable<CqlAddress["tls"]>): ConnectionOptions {
  return {
    rejectUnauthorized: true,
    ...(ca && { ca: [pem(ca)] }),
    ...(cert && { cert: pem(cert) }),
    ...(key && { key: pem(key) }),
  };
}

function pem(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new StoreOpenError(`cannot read the file ${path} for TLS: ${(error as Error).message}`);
  }
}
