import { Socket } from "node:net";
import type { Client, ClientConfig } from "pg";
import { StoreUnavailable } from "../plan-store.ts";
import { errorKindOf, sqlStateOf, unavailable } from "./error.ts";
import { type PostgresBackend, prepareSession, terminate } from "./session.ts";

/** A statement that each connection prepares once, under this name. */
export type PostgresStatement = { readonly name: string; readonly text: string };

/** Rows in the text format of PostgreSQL, for all types of columns. */
export type PostgresRows = readonly (readonly (string | null)[])[];

/** A Buffer is sent as the binary form of the parameter's type, other values as text. */
type PostgresValues = readonly (Buffer | string | number)[];

/**
 * One connection at a time to a database: opened on demand, and reopened after it was lost.
 *
 * A statement whose connection was lost is not retried, because it is unknown whether it took effect. The server may
 * still be running it, and even wait for a standby without end. The next connection therefore ends the process that
 * served the last one. It is opened at once, so that no such processes accumulate.
 */
export type PostgresConnection = {
  /**
   * Runs a statement after all earlier ones. Rejects with the error of the server, which has a SQLSTATE, or with
   * StoreUnavailable if there is no connection, it was lost, the answer timed out, or the statement took effect with a
   * warning: a server whose wait for a synchronous standby was cancelled reports success and a warning.
   */
  run(statement: PostgresStatement, values: PostgresValues): Promise<PostgresRows>;
  /** Like `run` for a statement that changes nothing: ignores warnings and rejects with StoreUnavailable only. */
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
  /** Shared by the connections of a store, which replace abandoned ones one after the other. */
  turns: { last: Promise<unknown> };
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
  readonly backend: PostgresBackend;
  /** First warning of the running statement. Callers set it to undefined before they run one. */
  warning: string | undefined;
  /** Ends the connection at once, without telling the server. */
  drop(): void;
};

/** Creates a connection that is not connected yet. */
export function createPostgresConnection(options: PostgresConnectionOptions): PostgresConnection {
  const { url, timeout, reconnects = true, turns } = options;
  let linked = false;
  let current: Promise<Link> | undefined;
  let abandoned: PostgresBackend | undefined;
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
    const open = () =>
      openLink(options, abandoned, () => {
        if (current === opened) {
          current = undefined;
        }
      });
    const opened = abandoned ? inTurn(open) : open();
    current = opened;
    opened.then(
      () => {
        abandoned = undefined;
      },
      () => undefined,
    );
    opened.catch((error) => {
      if (current === opened) {
        current = undefined;
      }
      failure = { error, until: performance.now() + reconnectPause };
    });
    return opened;
  }

  /**
   * Opens a link when the last one in turn is open, so that the server has one process more than connections at most. Does
   * not wait long for one that cannot connect.
   */
  function inTurn(open: () => Promise<Link>): Promise<Link> {
    const opened = inTime(turns.last, grace).then(open, open);
    turns.last = opened.catch(() => undefined);
    return opened;
  }

  async function runNow(
    statement: PostgresStatement,
    values: PostgresValues,
    changes: boolean,
  ): Promise<PostgresRows> {
    const opened = await link().catch((error) => {
      throw unavailable(error, url);
    });
    opened.warning = undefined;
    const query = opened.client.query<(string | null)[]>({
      ...statement,
      values: values as unknown[],
      rowMode: "array",
    });
    const { rows } = await inTime(query, timeout + grace).catch((error) => {
      if (errorKindOf(error) === "reconnect") {
        abandon(opened, error);
      }
      throw sqlStateOf(error) === undefined ? unavailable(error, url) : error;
    });
    if (changes && opened.warning !== undefined) {
      throw new StoreUnavailable(`PostgreSQL may not have stored this durably: ${opened.warning}`);
    }
    return rows;
  }

  function abandon({ backend, drop }: Link, error: unknown): void {
    drop();
    // A server that has reported an error itself runs nothing any longer.
    if (sqlStateOf(error) === undefined) {
      abandoned = backend;
      link().catch(() => undefined);
    }
  }

  function enqueue(
    statement: PostgresStatement,
    values: PostgresValues,
    changes: boolean,
  ): Promise<PostgresRows> {
    if (ended) {
      return Promise.reject(new StoreUnavailable("the store is closed"));
    }
    const result = last.then(() => runNow(statement, values, changes));
    last = result.catch(() => undefined);
    return result;
  }

  return {
    run: (statement, values) => enqueue(statement, values, true),
    async read(statement, values = []) {
      try {
        return await enqueue(statement, values, false);
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

/** Connects, and ends the process of an abandoned connection. `onLost` is called when the connection is lost, possibly more than once. */
async function openLink(
  options: PostgresConnectionOptions,
  abandoned: PostgresBackend | undefined,
  onLost: () => void,
): Promise<Link> {
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
    const backend = await inTime(prepareSession(client, options), timeout + grace);
    if (abandoned) {
      await inTime(terminate(client, abandoned, Math.ceil(timeout / 2)), timeout + grace);
    }
    const link: Link = { client, backend, warning: undefined, drop };
    // Settings of the session exclude messages below a warning, except those without an SQLSTATE of their own.
    client.on("notice", ({ code, message }) => {
      if (code !== "00000") {
        link.warning ??= message;
      }
    });
    return link;
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
