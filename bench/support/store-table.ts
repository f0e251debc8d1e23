import { closeSync, fsyncSync, openSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { PutRecord } from "../../src/store/plan-store.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";

/** Bytes of a value: a prepaid plan with three modules, in binary. */
const valueBytes = 390;

/** Returns a put of the n-th user. As with real user keys, consecutive users are not neighbours in key order. */
export function putOf(n: number, updateSeconds: number, expiresAtMs: number | undefined): PutRecord {
  return {
    key: { kind: "planStatus", asn: 65_001, clientId: "mobiledataplan", id: idOf(n) },
    updateTime: { seconds: updateSeconds, nanos: 0 },
    expiresAtMs,
    value,
  };
}

/** Returns the user key of the n-th user: 24 characters, unique for n below 2^32. */
export function idOf(n: number): string {
  const mixed = Math.imul(n, 2_654_435_761) >>> 0;
  return `user-key-${mixed.toString().padStart(15, "0")}`;
}

const value = Buffer.alloc(valueBytes);
for (let index = 0; index < valueBytes; index++) {
  value[index] = (index * 7919) & 0xff;
}

/**
 * Creates a store with `rows` records in an empty directory, fast but without durability. The n-th record expires at
 * `expiresAtMs(n)` and is that of the user key `keyOf(n)`.
 */
export async function buildTable(
  directory: string,
  rows: number,
  expiresAtMs: (n: number) => number,
  keyOf: (n: number) => string = idOf,
): Promise<void> {
  await (await openSqliteStore({ directory })).close();
  const database = new DatabaseSync(join(directory, "plans.sqlite"));
  database.exec("PRAGMA journal_mode = DELETE; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
  database.exec("PRAGMA cache_size = -262144");
  const indexes = database.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index'").all() as {
    name: string;
    sql: string;
  }[];
  for (const { name } of indexes) {
    database.exec(`DROP INDEX ${name}`);
  }
  const insert = database.prepare("INSERT INTO record VALUES (NULL, 65001, 1, ?, ?, 0, 0, ?, ?)");
  const client = Buffer.from("mobiledataplan");
  database.exec("BEGIN");
  for (let n = 0; n < rows; n++) {
    insert.run(client, Buffer.from(keyOf(n)), expiresAtMs(n), value);
  }
  database.exec("COMMIT");
  for (const { sql } of indexes) {
    database.exec(sql);
  }
  database.exec("PRAGMA journal_mode = WAL");
  database.close();
  // Without this, the system would write the file to the disk during the measurements.
  const file = openSync(join(directory, "plans.sqlite"), "r+");
  fsyncSync(file);
  closeSync(file);
}
