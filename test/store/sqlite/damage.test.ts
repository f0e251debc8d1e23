import { mkdtemp, open, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type PutRecord, StoreUnavailable } from "../../../src/store/plan-store.ts";
import { checkSqlite } from "../../../src/store/sqlite/check.ts";
import { applicationId, migrate, migrations } from "../../../src/store/sqlite/schema.ts";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";
import { startStoreChild } from "../../support/child-process.ts";
import { bytesIn } from "../../support/data-directory.ts";

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "plan-store-"));
  path = join(directory, "plans.sqlite");
});
afterEach(() => rm(directory, { recursive: true }));

const users = 400;
function recordOf(n: number): PutRecord {
  const key = { kind: "planStatus", asn: 64_500, clientId: "c", id: `user${n}` } as const;
  return { key, updateTime: { seconds: n, nanos: 0 }, expiresAtMs: undefined, value: Buffer.alloc(1_500, n) };
}

async function fill(): Promise<void> {
  const store = await openSqliteStore({ directory });
  await Promise.all(Array.from({ length: users }, (_, n) => store.put(recordOf(n))));
  await store.close();
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
  test("fails the calls that meet it, with advice, and no others of the same turn", async () => {
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

describe("a check", () => {
  test("of a whole store counts its records and finds nothing", async () => {
    await fill();
    expect(checkSqlite(directory)).toEqual({ records: users, inUse: false, faults: [] });
  });

  test("finds a damaged page", async () => {
    await fill();
    await damagePageOf(200);
    const { faults } = checkSqlite(directory);
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.join()).toMatch(/btreeInitPage|malformed|Tree \d+ page/);
  });

  test.each([
    ["kind = 9", "has the kind 9, which this program does not know"],
    ["asn = 0", "is of operator 0, which is no ASN"],
    ["id = x''", "has an empty id"],
    ["id = x'ff'", "has a key that is no UTF-8"],
    ["client_id = x'ff'", "has a key that is no UTF-8"],
    ["update_nanos = NULL", "has half an update time"],
    ["update_nanos = 1000000000", "has 1000000000 nanoseconds"],
  ])("finds a record with %s", async (change, fault) => {
    await fill();
    alter(`UPDATE record SET ${change} WHERE row = 7`);
    expect(checkSqlite(directory)).toEqual({ records: users, inUse: false, faults: [`row 7 ${fault}`] });
  });

  test("finds a row that an index does not have", async () => {
    await fill();
    // The index is told to have no rows, one of them goes in, and then it is told to have all again.
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
      faults: expect.arrayContaining([expect.stringMatching(/missing from index record_key/)]),
    });
  });

  test("finds a file that was cut off", async () => {
    await fill();
    await truncate(path, 4096 * 20);
    const { faults } = checkSqlite(directory);
    expect(faults.join()).toMatch(/malformed|Tree \d+ page/);
  });

  test("asks about each record, and counts what is too much to tell", async () => {
    await fill();
    const { faults } = checkSqlite(directory, ({ key }) => [`is of ${key.kind}`, "and wrong"]);
    expect(faults).toHaveLength(101);
    expect(faults[0]).toBe("row 1 is of planStatus; and wrong");
    expect(faults[100]).toBe("300 more rows have faults");
  });

  test("changes no byte, not even of what a killed server has left", async () => {
    await fill();
    const before = await bytesIn(directory);
    expect(checkSqlite(directory)).toMatchObject({ records: users, faults: [] });
    expect(await bytesIn(directory)).toEqual(before);

    const child = startStoreChild("load", directory);
    await child.wrote(100);
    const said = await child.kill();
    const left = await bytesIn(directory);
    expect(left.map(({ name }) => name)).toContain("plans.sqlite-wal");
    const { records, faults } = checkSqlite(directory);
    expect(faults).toEqual([]);
    // What was acknowledged is in the log alone.
    expect(records).toBeGreaterThanOrEqual(users + said.length);
    expect(await bytesIn(directory)).toEqual(left);
  });

  test("of a copy that no program has opened leaves it alone", async () => {
    await fill();
    await Promise.all(["lock.sqlite", "lock.holder"].map((name) => rm(join(directory, name))));
    expect(checkSqlite(directory)).toMatchObject({ records: users, faults: [] });
    expect(await readdir(directory)).toEqual(["plans.sqlite"]);
  });

  test("of a store in use goes on beside it", async () => {
    await fill();
    const store = await openSqliteStore({ directory });
    const putting = Promise.all(Array.from({ length: users }, (_, n) => store.put(recordOf(users + n))));
    expect(checkSqlite(directory)).toMatchObject({ inUse: true, faults: [] });
    await putting;
    expect(checkSqlite(directory)).toEqual({ records: 2 * users, inUse: true, faults: [] });
    await store.close();
    await (await openSqliteStore({ directory })).close();
  });

  test("keeps servers from a directory only as long as it lasts, and says where there is no store", async () => {
    expect(() => checkSqlite(directory)).toThrow(`${path} does not exist; name the directory of a store`);
    await writeFile(path, "");
    expect(checkSqlite(directory).faults).toEqual([
      "has no tables; if records are missed, restore it from a backup",
    ]);
    await (await openSqliteStore({ directory })).close();
    expect(checkSqlite(directory)).toEqual({ records: 0, inUse: false, faults: [] });
  });

  test("of a later version, or of another application, says so", async () => {
    await fill();
    alter("PRAGMA user_version = 9");
    expect(checkSqlite(directory)).toMatchObject({
      records: 0,
      faults: [expect.stringMatching(/has schema version 9, but this program knows only those up to 1/)],
    });
    alter("PRAGMA application_id = 7");
    expect(checkSqlite(directory).faults.join()).toMatch(/is the database of another application/);
  });
});

describe("a migration", () => {
  const steps = [
    ...migrations,
    "ALTER TABLE record ADD COLUMN note TEXT",
    "UPDATE record SET note = 'third'",
  ];

  test("takes the tables of any version forward, and keeps the records", async () => {
    await fill();
    const database = new DatabaseSync(path);
    migrate(database, steps);
    expect(database.prepare("PRAGMA user_version").get()).toEqual({ user_version: steps.length });
    expect(database.prepare("SELECT count(*) AS count FROM record WHERE note = 'third'").get()).toEqual({
      count: users,
    });
    migrate(database, steps);
    database.close();
    // A program that knows only the earlier version refuses what it has become.
    await expect(openSqliteStore({ directory })).rejects.toThrow(
      `has schema version ${steps.length}, but this program knows only those up to ${migrations.length}`,
    );
  });

  test("that fails changes nothing", async () => {
    await fill();
    const database = new DatabaseSync(path);
    expect(() => migrate(database, [...steps, "SELECT * FROM nowhere"])).toThrow("nowhere");
    expect(database.prepare("PRAGMA user_version").get()).toEqual({ user_version: migrations.length });
    database.close();
    expect(checkSqlite(directory)).toEqual({ records: users, inUse: false, faults: [] });
  });

  test("makes the tables of an empty file, marked as ours", () => {
    const database = new DatabaseSync(":memory:");
    migrate(database);
    expect(database.prepare("PRAGMA application_id").get()).toEqual({ application_id: applicationId });
    expect(database.prepare("SELECT count(*) AS count FROM record").get()).toEqual({ count: 0 });
    database.close();
  });
});
