import { cp, mkdtemp, open, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type PutRecord, StoreUnavailable } from "../../../src/store/plan-store.ts";
import { removeRecord } from "../../../src/store/remove-record.ts";
import { checkSqlite } from "../../../src/store/sqlite/check.ts";
import { applicationId, migrate, migrations } from "../../../src/store/sqlite/schema.ts";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";
import { startStoreChild } from "../../support/child-process.ts";
import { bytesIn } from "../../support/data-directory.ts";

const makeDirectory = () => mkdtemp(join(tmpdir(), "plan-store-"));

/** A closed store with the records of all users, which tests copy. */
let template: string;
let directory: string;
let path: string;

beforeAll(async () => {
  template = await makeDirectory();
  const store = await openSqliteStore({ directory: template });
  await Promise.all(Array.from({ length: users }, (_, n) => store.put(recordOf(n))));
  await store.close();
});
afterAll(() => rm(template, { recursive: true }));

beforeEach(async () => {
  directory = await makeDirectory();
  path = join(directory, "plans.sqlite");
});
afterEach(() => rm(directory, { recursive: true }));

const users = 400;
function recordOf(n: number): PutRecord {
  const key = { kind: "planStatus", asn: 64_500, clientId: "c", id: `user${n}` } as const;
  return { key, updateTime: { seconds: n, nanos: 0 }, expiresAtMs: undefined, value: Buffer.alloc(1_500, n) };
}

/** Fills the directory with the records of all users. */
async function fill(): Promise<void> {
  await cp(template, directory, { recursive: true });
}

function alter(sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

/** Overwrites the page that holds the record of a user. */
async function damagePageOf(n: number): Promise<void> {
  const file = await open(path, "r+");
  const bytes = await file.readFile();
  const page = Math.floor(bytes.indexOf(Buffer.alloc(1_400, n)) / 4096);
  await file.write(Buffer.alloc(4096, 0xee), 0, 4096, page * 4096);
  await file.close();
}

describe("a damaged page", () => {
  test("a damaged page only fails the gets and puts of its own records, with advice", async () => {
    await fill();
    await damagePageOf(200);
    const store = await openSqliteStore({ directory });
    const gets = await Promise.allSettled(
      Array.from({ length: users }, (_, n) => store.get(recordOf(n).key)),
    );
    const broken = gets.flatMap(({ status }, n) => (status === "rejected" ? [n] : []));
    expect(broken).toContain(200);
    expect(broken.length).toBeLessThan(5);
    expect(gets[200]).toMatchObject({ reason: expect.any(StoreUnavailable) });
    expect(gets[200]).toMatchObject({
      reason: {
        message: expect.stringMatching(/^the record cannot be read: .*malformed.*restore it from a backup/),
      },
    });
    for (const [n, get] of gets.entries()) {
      if (get.status === "fulfilled") {
        expect(get.value).toEqual(new Uint8Array(recordOf(n).value));
      }
    }
    const puts = await Promise.allSettled(Array.from({ length: users }, (_, n) => store.put(recordOf(n))));
    expect(puts.flatMap(({ status }, n) => (status === "rejected" ? [n] : []))).toEqual(broken);
    expect(puts[200]).toMatchObject({ reason: { message: expect.stringContaining("malformed") } });
    await store.close();
  });
});

describe("checkSqlite", () => {
  test("a check of an intact store counts its records and finds no problem", async () => {
    await fill();
    expect(checkSqlite(directory)).toEqual({ records: users, inUse: false, problems: [] });
  });

  test("a check finds a damaged page", async () => {
    await fill();
    await damagePageOf(200);
    const { problems } = checkSqlite(directory);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join()).toMatch(/btreeInitPage|malformed|Tree \d+ page/);
  });

  test.each([
    ["kind = 9", "has the kind 9, which is unknown to this program"],
    ["asn = 0", "has the operator 0, which is not an ASN"],
    ["id = x''", "has an empty id"],
    ["id = x'ff'", "has a key that is not UTF-8"],
    ["client_id = x'ff'", "has a key that is not UTF-8"],
    ["update_nanos = NULL", "has only a part of an update time"],
    ["update_nanos = 1000000000", "has 1000000000 nanoseconds; 0 to 999999999 are valid"],
  ])("a check finds a record with %s", async (change, problem) => {
    await fill();
    alter(`UPDATE record SET ${change} WHERE row = 7`);
    expect(checkSqlite(directory)).toEqual({ records: users, inUse: false, problems: [`row 7 ${problem}`] });
  });

  test("a check finds a row that is missing from an index", async () => {
    await fill();
    // A row is inserted while the index is declared to be partial, without any row.
    const allow = new DatabaseSync(path, { defensive: false });
    allow.exec(`
      PRAGMA writable_schema = ON;
      UPDATE sqlite_schema SET sql = sql || ' WHERE asn < 0' WHERE name = 'record_key'`);
    allow.close();
    alter(
      "INSERT INTO record SELECT 1000, asn, kind, client_id, x'00', 1, 1, NULL, value FROM record WHERE row = 7",
    );
    const restore = new DatabaseSync(path, { defensive: false });
    restore.exec(`
      PRAGMA writable_schema = ON;
      UPDATE sqlite_schema SET sql = replace(sql, ' WHERE asn < 0', '') WHERE name = 'record_key'`);
    restore.close();
    expect(checkSqlite(directory)).toEqual({
      records: users + 1,
      inUse: false,
      problems: expect.arrayContaining([expect.stringMatching(/missing from index record_key/)]),
    });
  });

  test("a check passes over removed records, which have no content, but not over their keys", async () => {
    const store = await openSqliteStore({ directory, sweepInterval: 2 ** 31 - 1 });
    const key = { kind: "planStatus", asn: 64_500, clientId: "client", id: "user" } as const;
    await store.put({ key, updateTime: undefined, expiresAtMs: 1, value: Buffer.from("x") });
    await removeRecord(store, { ...key, id: "removed" });
    await store.close();
    const check = () => checkSqlite(directory, ({ key }) => [`${key.id} is checked`]);
    expect(check()).toEqual({ records: 1, inUse: false, problems: ["row 1 user is checked"] });
    alter("UPDATE record SET asn = 0 WHERE row = 2");
    expect(check()).toMatchObject({
      problems: ["row 1 user is checked", "row 2 has the operator 0, which is not an ASN"],
    });
  });

  test("a check finds a truncated file", async () => {
    await fill();
    await truncate(path, 4096 * 20);
    const { problems } = checkSqlite(directory);
    expect(problems.join()).toMatch(/malformed|Tree \d+ page/);
  });

  test("a check calls checkRecord for each record, lists 100 invalid ones and counts the others", async () => {
    await fill();
    const { problems } = checkSqlite(directory, ({ key }) => [`is of ${key.kind}`, "and wrong"]);
    expect(problems).toHaveLength(101);
    expect(problems[0]).toBe("row 1 is of planStatus; and wrong");
    expect(problems[100]).toBe("300 more rows are invalid");
  });

  test("a check changes no byte, even of the log that a killed server has left", async () => {
    await fill();
    const before = await bytesIn(directory);
    expect(checkSqlite(directory)).toMatchObject({ records: users, problems: [] });
    expect(await bytesIn(directory)).toEqual(before);

    const child = startStoreChild("load", directory);
    await child.wrote(100);
    const acknowledged = await child.kill();
    const left = await bytesIn(directory);
    expect(left.map(({ name }) => name)).toContain("plans.sqlite-wal");
    const { records, problems } = checkSqlite(directory);
    expect(problems).toEqual([]);
    // The acknowledged records are only in the log.
    expect(records).toBeGreaterThanOrEqual(users + acknowledged.length);
    expect(await bytesIn(directory)).toEqual(left);
  });

  test("a check of a copy that no program has opened creates no file", async () => {
    await fill();
    await Promise.all(["lock.sqlite", "lock.holder"].map((name) => rm(join(directory, name))));
    expect(checkSqlite(directory)).toMatchObject({ records: users, problems: [] });
    expect(await readdir(directory)).toEqual(["plans.sqlite"]);
  });

  test("a check of a store in use reads it while the store takes puts", async () => {
    await fill();
    const store = await openSqliteStore({ directory });
    const putting = Promise.all(Array.from({ length: users }, (_, n) => store.put(recordOf(users + n))));
    expect(checkSqlite(directory)).toMatchObject({ inUse: true, problems: [] });
    await putting;
    expect(checkSqlite(directory)).toEqual({ records: 2 * users, inUse: true, problems: [] });
    await store.close();
    await (await openSqliteStore({ directory })).close();
  });

  test("a directory can be opened after a check, and a check names a directory without a store", async () => {
    expect(() => checkSqlite(directory)).toThrow(`${path} does not exist; name the directory of a store`);
    await writeFile(path, "");
    expect(checkSqlite(directory).problems).toEqual([
      "has no tables; if records are missing, restore it from a backup",
    ]);
    await (await openSqliteStore({ directory })).close();
    expect(checkSqlite(directory)).toEqual({ records: 0, inUse: false, problems: [] });
  });

  test("a check reports a later schema version, and a database of another application", async () => {
    await fill();
    alter("PRAGMA user_version = 9");
    expect(checkSqlite(directory)).toMatchObject({
      records: 0,
      problems: [
        expect.stringMatching(/has schema version 9, but this program only supports versions up to 1/),
      ],
    });
    alter("PRAGMA application_id = 7");
    expect(checkSqlite(directory).problems.join()).toMatch(/is the database of another application/);
  });
});

describe("a migration", () => {
  const steps = [
    ...migrations,
    "ALTER TABLE record ADD COLUMN note TEXT",
    "UPDATE record SET note = 'third'",
  ];

  test("a migration brings tables of any version to the newest one and preserves the records", async () => {
    await fill();
    const database = new DatabaseSync(path);
    migrate(database, steps);
    expect(database.prepare("PRAGMA user_version").get()).toEqual({ user_version: steps.length });
    expect(database.prepare("SELECT count(*) AS count FROM record WHERE note = 'third'").get()).toEqual({
      count: users,
    });
    migrate(database, steps);
    database.close();
    // A program that only supports the earlier version rejects the new one.
    await expect(openSqliteStore({ directory })).rejects.toThrow(
      `has schema version ${steps.length}, but this program only supports versions up to ${migrations.length}`,
    );
  });

  test("a migration that fails changes nothing", async () => {
    await fill();
    const database = new DatabaseSync(path);
    expect(() => migrate(database, [...steps, "SELECT * FROM nowhere"])).toThrow("nowhere");
    expect(database.prepare("PRAGMA user_version").get()).toEqual({ user_version: migrations.length });
    database.close();
    expect(checkSqlite(directory)).toEqual({ records: users, inUse: false, problems: [] });
  });

  test("a migration of an empty file creates the tables and sets the application id", () => {
    const database = new DatabaseSync(":memory:");
    migrate(database);
    expect(database.prepare("PRAGMA application_id").get()).toEqual({ application_id: applicationId });
    expect(database.prepare("SELECT count(*) AS count FROM record").get()).toEqual({ count: 0 });
    database.close();
  });
});
