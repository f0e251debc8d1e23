import type { DatabaseSync } from "../node-sqlite.ts";

/** Marks the file as ours: "MDPS". SQLite stores it at byte 68 of the header, where file(1) reads it. */
export const applicationId = 0x4d445053;

/**
 * The step at index n brings the tables from version n to n + 1, starting with an empty file. A file stores its version
 * as user_version. Released steps never change: append.
 */
export const migrations: readonly string[] = [
  // An ordinary table with a row number, not WITHOUT ROWID: with the value inside the key's b-tree, puts of new
  // keys ran at half the speed. Ids are BLOBs because of NULs: https://sqlite.org/nulinstr.html.
  `CREATE TABLE record (
    row INTEGER PRIMARY KEY,
    asn INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    client_id BLOB NOT NULL,
    id BLOB NOT NULL,
    update_seconds INTEGER,
    update_nanos INTEGER,
    expires_at_ms INTEGER,
    value BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX record_key ON record (asn, kind, client_id, id);
  CREATE INDEX record_expiry ON record (expires_at_ms) WHERE expires_at_ms IS NOT NULL;`,
];

/**
 * Migrates the tables of a file to the newest version in one transaction: a program that is killed meanwhile leaves the
 * file as it was. No other connection may use it.
 */
export function migrate(database: DatabaseSync, steps: readonly string[] = migrations): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    const { user_version: version } = database.prepare("PRAGMA user_version").get() as {
      user_version: number;
    };
    for (const step of steps.slice(version)) {
      database.exec(step);
    }
    database.exec(`
      PRAGMA application_id = ${applicationId};
      PRAGMA user_version = ${steps.length};
      COMMIT`);
  } finally {
    if (database.isTransaction) {
      database.exec("ROLLBACK");
    }
  }
}
