import type { Client } from "pg";
import { StoreOpenError } from "../plan-store.ts";

const application = "mobile-data-plan-sharing";

/** Number of partitions: each has smaller indexes, and is vacuumed separately. */
const partitions = 16;

/**
 * The step at index n brings a schema from version n to n + 1. Released steps never change.
 *
 * `id` and `client_id` are the UTF-8 bytes, or a digest of bytes that are too long for an index (`key.ts`); `long_key`
 * then has both in full. They are bytea because text allows no NUL and compares by the rules of a language.
 */
const recordSteps: readonly string[] = [
  `
  CREATE TABLE record (
    asn bigint NOT NULL,
    kind smallint NOT NULL,
    client_id bytea NOT NULL,
    id bytea NOT NULL,
    long_key bytea,
    update_seconds bigint,
    update_nanos integer,
    expires_at_ms bigint,
    value bytea NOT NULL,
    PRIMARY KEY (asn, kind, client_id, id)
  ) PARTITION BY HASH (asn, kind, client_id, id);
  ${Array.from({ length: partitions }, (_, n) => `CREATE TABLE record_${n} PARTITION OF record FOR VALUES WITH (MODULUS ${partitions}, REMAINDER ${n});`).join("\n  ")}
  CREATE INDEX record_expiry ON record (expires_at_ms) WHERE expires_at_ms IS NOT NULL;
  `,
];

// The two keys of an advisory lock: "MDPS", and a hash of the schema.
const lock = "SELECT pg_advisory_xact_lock(1296322643, hashtext($1))";

const selectContents = `
  SELECT (n.oid IS NOT NULL)::text AS exists,
    (to_regclass(format('%I.store_version', $1::text)) IS NOT NULL)::text AS ours,
    (EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid))::text AS used
  FROM (SELECT) AS one LEFT JOIN pg_namespace AS n ON n.nspname = $1`;

type Truth = "true" | "false";
type Contents = { exists: Truth; ours: Truth; used: Truth };

/**
 * Creates the tables in a schema that is missing or empty, and migrates those of an older version. Of several servers one
 * works, and the others wait for it, up to the timeout of a statement.
 *
 * `commit` replaces the plain COMMIT, which waits for a synchronous standby without a limit.
 *
 * Rejects with StoreOpenError for a newer version or for tables of another application, and then changes nothing.
 */
export async function prepareSchema(
  client: Client,
  schema: string,
  steps: readonly string[] = recordSteps,
  commit: () => Promise<unknown> = () => client.query("COMMIT"),
): Promise<void> {
  // First without the lock and without the right to create anything: a current schema needs neither.
  if ((await versionOf(client, schema, steps.length)) === steps.length) {
    return;
  }
  await client.query("BEGIN");
  try {
    await client.query(lock, [schema]);
    await client.query("SET LOCAL statement_timeout = 0");
    const version = await versionOf(client, schema, steps.length);
    if (version === 0) {
      await createVersion(client, schema);
    }
    for (const step of steps.slice(version)) {
      await client.query(step);
    }
    await client.query("UPDATE store_version SET version = $1", [steps.length]);
    await commit();
  } catch (error) {
    // The first error says more than a failed rollback.
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

/** Returns 0 for a schema that is missing or empty. */
async function versionOf(client: Client, schema: string, newest: number): Promise<number> {
  const contents = (await client.query<Contents>(selectContents, [schema])).rows[0] as Contents;
  if (contents.used !== "true") {
    return 0;
  }
  const foreign = new StoreOpenError(
    `the schema ${schema} has tables of another application; choose another database`,
  );
  if (contents.ours !== "true") {
    throw foreign;
  }
  const { rows } = await client.query("SELECT * FROM store_version");
  if (rows[0]?.application !== application) {
    throw foreign;
  }
  const version = Number(rows[0].version);
  if (version <= newest) {
    return version;
  }
  throw new StoreOpenError(
    `the schema ${schema} has version ${version}, but this program only supports versions up to ${newest}; ` +
      "run the program that wrote it or a later one, or choose another database",
  );
}

async function createVersion(client: Client, schema: string): Promise<void> {
  const contents = (await client.query<Contents>(selectContents, [schema])).rows[0] as Contents;
  // Not IF NOT EXISTS, which requires the right to create schemas even if the schema exists.
  if (contents.exists !== "true") {
    await client.query(`CREATE SCHEMA ${client.escapeIdentifier(schema)}`);
  }
  await client.query(`
    CREATE TABLE store_version (application text NOT NULL, version integer NOT NULL);
    INSERT INTO store_version VALUES ('${application}', 0)`);
}
