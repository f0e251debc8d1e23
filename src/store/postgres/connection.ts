import { Socket } from "node:net";
import type { Client, ClientConfig } from "pg";
import { StoreUnavailable } from "../plan-store.ts";
import { errorKindOf, sqlStateOf, unavailable } from "./error.ts";
import { prepareSession } from "./session.ts";

/** A statement that each connection prepares once, under this name. */
export type PostgresStatement = { readonly name: string; readonly text: string };

/** Rows in the text format of PostgreSQL, for all types of columns. */
export type PostgresRows = readonly (readonly (string | null)[])[];

/** A Buffer is sent as the binary form of the parameter's type, other values as text. */
type PostgresValues = readonly (Buffer | string | number)[];

/**
 * One connection at a time to a database: opened on demand, and reopened after it was lost.
 *
 * A statement whose connection was lost is not retried, because it is unknown whether it took effect.
 */
export type PostgresConnection = {
  /**
   * Runs a statement after all earlier ones. Rejects with the error of the server, which has a SQLSTATE, or with
   * StoreUnavailable if there is no connection, it was lost, or the answer timed out.
   */
  run(statement: PostgresStatement, values: PostgresValues): Promise<PostgresRows>;
  /** Like `run`, but rejects with StoreUnavailable only. */
  read(statement: PostgresStatement, values?: PostgresValues): Promise<PostgresRows>;
  /** Connects unless connected. Rejects with the error of connecting. */
  connect(): Promise<Client>;
  /** Ends the connection after all earlier statements. Later ones reject. Never rejects. */
  end(): Promise<void>;
};

export type PostgresConnectionOptions = {
  /** The class of the package `pg`. */
  Client: new (
    config: ClientConfig,
  ) => Client;
  /** The database, in the format of `pg`: https://node-postgres.com/features/connecting#connection-uri. */
  url: string;
  /** Schema of the tables. */
  schema: string;
  /** Time that connecting may take, and each statement, in ms. */
  timeout: number;
  /** Whether to reconnect after the connection was lost. Defaults to true; false for transactions. */
  reconnects?: boolean;
};

/** Time that an answer may take beyond the server's own timeout, whose error is more precise, in ms. */
const grace = 500;

/** Time after a failed attempt to connect in which calls reject at once instead of waiting for another one, in ms. */
const reconnectPause = 200;

const types = { getTypeParser: () => (text: unknown) => text } as unknown as NonNullable<
  ClientConfig["types"]
>;

type Link = {
  readonly client: Client;
  /** Ends the connection at once, without telling the server. */
  drop(): void;
};

/** Creates a connection that is not connected yet. */
export function createPostgresConnection(options: PostgresConnectionOptions): PostgresConnection {
  const { url, timeout, reconnects = true } = options;
  let linked = false;
  let current: Promise<Link> | undefined;
  let failure: { readonly error: unknown; readonly until: number } | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let ended = false;

  function link(): Promise<Link> {
    if (current) {
      return current;
    }
    if (failure && performance.now() < failure.until) {
      return Promise.reject(failure.error);
    }
    if (linked && !reconnects) {
      return Promise.reject(new StoreUnavailable("the connection was lost"));
    }
    linked = true;
    const opened = openLink(options, () => {
      if (current === opened) {
        current = undefined;
      }
    });
    current = opened;
    opened.catch((error) => {
      if (current === opened) {
        current = undefined;
      }
      failure = { error, until: performance.now() + reconnectPause };
    });
    return opened;
  }

  async function runNow(statement: PostgresStatement, values: PostgresValues): Promise<PostgresRows> {
    const { client, drop } = await link().catch((error) => {
      throw unavailable(error, url);
    });
    try {
      const query = client.query<(string | null)[]>({
        ...statement,
        values: values as unknown[],
        rowMode: "array",
      });
      return (await inTime(query, timeout + grace)).rows;
    } catch (error) {
      if (errorKindOf(error) === "reconnect") {
        drop();
      }
      throw sqlStateOf(error) === undefined ? unavailable(error, url) : error;
    }
  }

  function run(statement: PostgresStatement, values: PostgresValues): Promise<PostgresRows> {
    if (ended) {
      return Promise.reject(new StoreUnavailable("the store is closed"));
    }
    const result = last.then(() => runNow(statement, values));
    last = result.catch(() => undefined);
    return result;
  }

  return {
    run,
    async read(statement, values = []) {
      try {
        return await run(statement, values);
      } catch (error) {
        throw unavailable(error, url);
      }
    },
    async connect() {
      return (await link()).client;
    },
    async end() {
      ended = true;
      await last;
      const opened = await current?.catch(() => undefined);
      if (!opened) {
        return;
      }
      // Does not wait for a server that does not respond.
      await inTime(opened.client.end(), grace).catch(opened.drop);
    },
  };
}

/** Connects. `onLost` is called when the connection is lost, possibly more than once. */
async function openLink(options: PostgresConnectionOptions, onLost: () => void): Promise<Link> {
  const { Client, url, timeout } = options;
  const socket = new Socket();
  const drop = () => {
    socket.destroy();
    onLost();
  };
  try {
    const client = new Client({
      connectionString: url,
      connectionTimeoutMillis: timeout,
      keepAlive: true,
      fallback_application_name: "mdps",
      stream: () => socket,
      types,
    });
    // Without a listener, losing an idle connection would end the process.
    client.on("error", drop);
    client.on("end", drop);
    await client.connect();
    await inTime(prepareSession(client, options), timeout + grace);
    return { client, drop };
  } catch (error) {
    socket.destroy();
    // The message of `pg` after connectionTimeoutMillis.
    if (error instanceof Error && error.message === "timeout expired") {
      throw new StoreUnavailable(`no connection to PostgreSQL within ${timeout} ms`);
    }
    throw error;
  }
}

async function inTime<Result>(work: Promise<Result>, ms: number): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new StoreUnavailable(`no answer from PostgreSQL within ${ms} ms`));
  }, ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
