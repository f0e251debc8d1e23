import type { Client } from "pg";
import { StoreOpenError, StoreUnavailable } from "../plan-store.ts";

/** Oldest server that is tested against, as server_version_num. */
const oldestVersion = 150_000;

export type PostgresSession = {
  /** Where the tables are. */
  schema: string;
  /** Time that a statement may take, in ms. */
  timeout: number;
};

type ServerState = {
  version: string;
  shown_version: string;
  fsync: string;
  synchronous_commit: string;
  read_only: string;
};

const selectState = `
  SELECT current_setting('server_version_num') AS version, current_setting('server_version') AS shown_version,
    current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit,
    (pg_is_in_recovery() OR current_setting('transaction_read_only')::bool)::text AS read_only`;

const setSettings = `
  SELECT name, set_config(name, setting, false) AS setting FROM unnest($1::text[], $2::text[]) AS s (name, setting)`;

/**
 * Makes sure that a new connection leads to a server that can keep what a PlanStore promises, and sets what the
 * statements rely on, whatever the server, the database and the role have as defaults.
 *
 * Rejects with StoreOpenError if the server will never do, and with StoreUnavailable if it takes no writes for now.
 */
export async function prepareSession(client: Client, session: PostgresSession): Promise<void> {
  const state = (await client.query<ServerState>(selectState)).rows[0] as ServerState;
  if (Number(state.version) < oldestVersion) {
    throw new StoreOpenError(`the server is PostgreSQL ${state.shown_version}; 15 or later is needed`);
  }
  if (state.fsync !== "on") {
    throw new StoreOpenError(
      "the server has fsync = off, so what it stores may be gone after a power loss; set fsync = on",
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
    throw new StoreOpenError(`the server refuses synchronous_commit = on and keeps ${commit}`);
  }
}

/** Returns what to reject with if the server takes no writes. */
export function readOnly(): StoreUnavailable {
  return new StoreUnavailable(
    "the PostgreSQL server is read-only: a standby, or set to be so; the primary is needed",
  );
}

function settingsOf({ schema, timeout }: PostgresSession, { synchronous_commit }: ServerState) {
  return {
    search_path: `"${schema.replaceAll('"', '""')}"`,
    // remote_apply waits for the standbys as `on` does, and longer; every other value promises less.
    synchronous_commit: synchronous_commit === "remote_apply" ? synchronous_commit : "on",
    // An upsert in the others fails instead of waiting for a row that another server is writing.
    default_transaction_isolation: "read committed",
    statement_timeout: String(timeout),
    bytea_output: "hex",
    // There is one right way through each statement: by the index, key by key. The planner would have to know how
    // many records there are; on a table that grew since it was last analysed it walks through all of them.
    enable_seqscan: "off",
    // Would collect all that has expired for each slice of a sweep.
    enable_bitmapscan: "off",
    enable_hashjoin: "off",
    enable_mergejoin: "off",
    plan_cache_mode: "force_generic_plan",
    jit: "off",
  };
}
