import type { Client } from "pg";
import { StoreOpenError, StoreUnavailable } from "../plan-store.ts";

/** Oldest supported server, as server_version_num. */
const oldestVersion = 150_000;

type PostgresSession = {
  /** Schema of the tables. */
  schema: string;
  /** Time that a statement may take, in ms. */
  timeout: number;
};

/** The process of the server that serves a connection. */
export type PostgresBackend = { readonly pid: string; readonly started: string };

type ServerState = PostgresBackend & {
  version: string;
  shown_version: string;
  fsync: string;
  synchronous_commit: string;
  read_only: string;
};

const selectState = `
  SELECT pg_backend_pid()::text AS pid,
    (SELECT extract(epoch FROM backend_start) FROM pg_stat_activity WHERE pid = pg_backend_pid())::text AS started, current_setting('server_version_num') AS version, current_setting('server_version') AS shown_version,
    current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit,
    (pg_is_in_recovery() OR current_setting('transaction_read_only')::bool)::text AS read_only`;

const setSettings = `
  SELECT name, set_config(name, setting, false) AS setting FROM unnest($1::text[], $2::text[]) AS s (name, setting)`;

/**
 * Checks that the server of a new connection can fulfil the promises of a PlanStore, and sets everything that statements
 * rely on. Rejects with StoreOpenError if the server is unsuitable, with StoreUnavailable if it is read-only for now.
 */
export async function prepareSession(client: Client, session: PostgresSession): Promise<PostgresBackend> {
  const state = (await client.query<ServerState>(selectState)).rows[0] as ServerState;
  if (Number(state.version) < oldestVersion) {
    throw new StoreOpenError(`the server is PostgreSQL ${state.shown_version}; 15 or later is required`);
  }
  if (state.fsync !== "on") {
    throw new StoreOpenError(
      "the server has fsync = off, so stored records may be lost in a power failure; set fsync = on",
    );
  }
  if (state.read_only === "true") {
    throw readOnly();
  }

  const settings = settingsOf(session, state);
  const { rows } = await client.query<{ name: string; setting: string }>(setSettings, [
    Object.keys(settings),
    Object.values(settings),
  ]);
  const commit = rows.find(({ name }) => name === "synchronous_commit")?.setting;
  if (commit !== settings.synchronous_commit) {
    throw new StoreOpenError(`the server does not accept synchronous_commit = on; it is still ${commit}`);
  }
  return { pid: state.pid, started: state.started };
}

/** Ends a process of the server, and waits up to `ms` for its end. Its start distinguishes it from a later one. */
export async function terminate(
  client: Client,
  { pid, started }: PostgresBackend,
  ms: number,
): Promise<void> {
  await client.query(
    `SELECT pg_terminate_backend(pid, $3) FROM pg_stat_activity
    WHERE pid = $1 AND extract(epoch FROM backend_start)::text = $2`,
    [pid, started, ms],
  );
}

/** Returns the error for a server that accepts no writes. */
export function readOnly(): StoreUnavailable {
  return new StoreUnavailable(
    "the PostgreSQL server is read-only: it is a standby, or configured so; connect to the primary",
  );
}

function settingsOf({ schema, timeout }: PostgresSession, { synchronous_commit }: ServerState) {
  return {
    search_path: `"${schema.replaceAll('"', '""')}"`,
    // remote_apply waits for the standbys even longer than `on`; every other value promises less.
    synchronous_commit: synchronous_commit === "remote_apply" ? synchronous_commit : "on",
    // With a higher level, an upsert fails instead of waiting for a row that another server is writing.
    default_transaction_isolation: "read committed",
    statement_timeout: String(timeout),
    // The warnings that tell a commit without its standby from a durable one.
    client_min_messages: "warning",
    // A client that vanished without a word, in seconds: the default is two hours.
    tcp_keepalives_idle: "60",
    tcp_keepalives_interval: "10",
    tcp_keepalives_count: "3",
    bytea_output: "hex",
    // By the index, key by key: the planner would read all of a table that has grown since it was last analysed.
    enable_seqscan: "off",
    // A bitmap scan would collect all expired records for each slice of a sweep.
    enable_bitmapscan: "off",
    enable_hashjoin: "off",
    enable_mergejoin: "off",
    plan_cache_mode: "force_generic_plan",
    jit: "off",
  };
}
