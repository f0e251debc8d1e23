import { Socket } from "node:net";
import type { Client, ClientConfig } from "pg";
import { StoreUnavailable } from "../plan-store.ts";
import { errorKindOf, sqlStateOf, unavailable } from "./error.ts";
import { prepareSession } from "./session.ts";

/** A statement that each connection prepares once, under its name. */
export type PostgresStatement = { readonly name: string; readonly text: string };

/** Rows of text as PostgreSQL writes it, whatever the types of the columns. */
export type PostgresRows = readonly (readonly (string | null)[])[];

/** A Buffer goes as the binary form of the parameter's type, everything else as its text. */
export type PostgresValues = readonly (Buffer | string | number)[];

/**
 * One connection at a time to a database: made when it is needed, and made anew when it was lost.
 *
 * So nothing has to notice that a server is back; the next statement does. A statement whose connection was lost is
 * not repeated, for nobody can tell whether it took effect.
 */
export type PostgresConnection = {
  /**
   * Runs a statement after those asked for before. Rejects with the error of the server, which has a SQLSTATE, or
   * with StoreUnavailable if there is no connection, it was lost, or no answer came in time.
   */
  run(statement: PostgresStatement, values: PostgresValues): Promise<PostgresRows>;
  /** Connects unless connected. Rejects with whatever was in the way. */
  connect(): Promise<Client>;
  /** Ends the connection after the statements asked for before. Later ones reject. Never rejects. */
  end(): Promise<void>;
};

export type PostgresConnectionOptions = {
  /** The class of the package `pg`. */
  Client: new (
    config: ClientConfig,
  ) => Client;
  /** The database, as `pg` takes it: https://node-postgres.com/features/connecting#connection-uri. */
  url: string;
  /** Where the tables are. */
  schema: string;
  /** Time that connecting may take, and each statement, in ms. */
  timeout: number;
  /** Whether a connection that was lost is made anew. Defaults to true; a transaction of several statements cannot. */
  reconnects?: boolean;
};

/** Time that an answer may take beyond what the server has for a statement, in ms: its own report says more. */
const grace = 500;

/** Time after a failed attempt in which no other is made, in ms: what waited behind it must not wait as long. */
const pause = 200;

const types = { getTypeParser: () => (text: unknown) => text } as unknown as NonNullable<
  ClientConfig["types"]
>;

type Link = {
  readonly client: Client;
  /** Ends the connection at once, without a word to whoever is at the other end. */
  drop(): void;
};

/** Creates a connection, not connected as yet. */
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
      failure = { error, until: performance.now() + pause };
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

  return {
    run(statement, values) {
      if (ended) {
        return Promise.reject(new StoreUnavailable("the store is closed"));
      }
      const result = last.then(() => runNow(statement, values));
      last = result.catch(() => undefined);
      return result;
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
      // A server that does not answer the goodbye is left to itself.
      await inTime(opened.client.end(), grace).catch(opened.drop);
    },
  };
}

/** Connects. `lost` is called when the connection is of no use any more, perhaps more than once. */
async function openLink(options: PostgresConnectionOptions, lost: () => void): Promise<Link> {
  const { Client, url, timeout } = options;
  const socket = new Socket();
  const drop = () => {
    socket.destroy();
    lost();
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
    // Without a listener the loss of an idle connection would end the process.
    client.on("error", drop);
    client.on("end", drop);
    await client.connect();
    await inTime(prepareSession(client, options), timeout + grace);
    return { client, drop };
  } catch (error) {
    socket.destroy();
    // What `pg` says when connectionTimeoutMillis are over.
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
