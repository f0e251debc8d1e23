import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import type * as Driver from "cassandra-driver";
import { StoreOpenError, StoreUnavailable } from "../plan-store.ts";
import { causesOf, errorCode, errorCodeOf, reasonOf } from "./error.ts";
import type { CqlAddress } from "./url.ts";

/** A row as the driver gives it: a blob is a Buffer, a bigint is one, smaller integers are numbers. */
export type CqlRow = Driver.types.Row;

/** A connected cluster. Statements are prepared once per node, and go to a replica of the key at LOCAL_QUORUM. */
export type CqlCluster = {
  /** Runs a statement that changes nothing. Rejects with StoreUnavailable. */
  read(statement: string, parameters: readonly unknown[]): Promise<readonly CqlRow[]>;
  /** Runs a statement that may be run twice. Rejects with StoreUnavailable; it may have had its effect. */
  write(statement: string, parameters: readonly unknown[]): Promise<void>;
  /** Runs a statement as it is and rejects with the driver's own error. For opening and for the schema. */
  run(statement: string, parameters?: readonly unknown[]): Promise<readonly CqlRow[]>;
  /** Closes every connection. */
  end(): Promise<void>;
};

type SpeculativePolicy = Driver.policies.speculativeExecution.SpeculativeExecutionPolicy;

export type ConnectOptions = {
  address: CqlAddress;
  /** Whether names of tables are of the address's keyspace, which must exist. */
  inKeyspace: boolean;
  /** How long one node may take for one statement before the next is tried, in ms. */
  nodeTimeout: number;
};

/** The version of cassandra-driver that the engine is tested with, and that package.json asks for. */
export const driverVersion = "4.10.0";

/** A read that took so long is sent to a second replica as well, in ms. */
const speculativeDelay = 200;

/** How often a statement is sent through another node, when the one it went through got no quorum in time. */
const mostRepeats = 2;

/** Longest pause between two attempts to reach a node that is down, in ms. */
const reconnectPause = 5_000;

/** Connects to a cluster. Rejects with StoreOpenError. */
export async function connectCql({ address, inKeyspace, nodeTimeout }: ConnectOptions): Promise<CqlCluster> {
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
  // A write carries its timestamp, so the next node may be tried with it, however far the first one got.
  const repeatable = { prepare: true, isIdempotent: true, consistency, retry: repeatsWhenLate(driver) };

  try {
    await client.connect();
  } catch (error) {
    await client.shutdown();
    throw cannotOpen(address, error);
  }
  return {
    async read(statement, parameters) {
      try {
        return (await client.execute(statement, parameters as unknown[], repeatable)).rows;
      } catch (error) {
        throw new StoreUnavailable(`the cluster cannot read: ${reasonOf(error)}`);
      }
    },
    async write(statement, parameters) {
      try {
        await client.execute(statement, parameters as unknown[], repeatable);
      } catch (error) {
        throw new StoreUnavailable(`the cluster cannot write: ${reasonOf(error)}`);
      }
    },
    async run(statement, parameters = []) {
      // A change of the schema takes longer than a put, and may not be repeated unseen.
      const patient = { consistency, readTimeout: 30_000, prepare: parameters.length > 0 };
      return (await client.execute(statement, parameters as unknown[], patient)).rows ?? [];
    },
    end: () => client.shutdown(),
  };
}

/** Makes of anything that went wrong while opening an error that says what to do. */
export function cannotOpen(
  { contactPoints, port, dc, keyspace }: CqlAddress,
  error: unknown,
): StoreOpenError {
  if (error instanceof StoreOpenError) {
    return error;
  }
  const hosts = contactPoints.map((host) => `${host}:${port}`).join(", ");
  const reason = error instanceof StoreUnavailable ? error.message : reasonOf(error);
  if (causesOf(error).some(isRefusedLogin)) {
    return new StoreOpenError(
      `the cluster at ${hosts} refuses the user name and password: write both into the URL, cql://USER:PASSWORD@…`,
    );
  }
  if (errorCodeOf(error) === errorCode.invalid && /does not exist/.test(reason)) {
    return notInitialised(keyspace);
  }
  if (/localDataCenter/.test(reason)) {
    const [, found = "none"] = /data centers: \[(.*)\]/.exec(reason) ?? [];
    return new StoreOpenError(
      `the cluster at ${hosts} has no data centre "${dc}": name one of ${found} with dc=…`,
    );
  }
  const todo =
    errorCodeOf(error) === undefined
      ? "check the hosts, dc=… and tls=…, and that the cluster is up, then try again"
      : "see to the cluster, then try again";
  return new StoreOpenError(`cannot open the store at ${hosts}: ${reason}; ${todo}`);
}

/** Returns the error of a keyspace that is not there, or has no tables. */
export function notInitialised(keyspace: string): StoreOpenError {
  return new StoreOpenError(
    `the keyspace "${keyspace}" has no tables of a store: create them with mdps store init`,
  );
}

// The driver raises one if the cluster wants a login and there is none, and one for a wrong login.
function isRefusedLogin(error: unknown): boolean {
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
      `a store at cql://… needs the driver of Cassandra: npm install cassandra-driver@${driverVersion}`,
    );
  }
}

// Twice the same write would do no harm, but it would double the load just when a cluster is slow with writing.
function speculativeReads({ policies }: typeof Driver.default): SpeculativePolicy {
  const { ConstantSpeculativeExecutionPolicy, NoSpeculativeExecutionPolicy } = policies.speculativeExecution;
  const once: SpeculativePolicy = new NoSpeculativeExecutionPolicy();
  const twice: SpeculativePolicy = new ConstantSpeculativeExecutionPolicy(speculativeDelay, 1);
  const newPlan: SpeculativePolicy["newPlan"] = (keyspace, statement) =>
    (String(statement).startsWith("SELECT ") ? twice : once).newPlan(keyspace, statement);
  return Object.assign(new NoSpeculativeExecutionPolicy(), { newPlan });
}

// By default the driver passes such a time-out on. But it may be that node alone which is late, being short of time or
// having stood still for a moment, and every statement here may run twice.
function repeatsWhenLate({ policies }: typeof Driver.default): Driver.policies.retry.RetryPolicy {
  const policy = new policies.retry.RetryPolicy();
  const decide = (
    { nbRetry }: Driver.policies.retry.OperationInfo,
    consistency: Driver.types.consistencies,
  ) => (nbRetry < mostRepeats ? policy.retryResult(consistency, false) : policy.rethrowResult());
  return Object.assign(policy, { onReadTimeout: decide, onWriteTimeout: decide });
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
