import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type PutRecord, StoreOpenError, StoreUnavailable } from "../../src/store/plan-store.ts";
import { checkSqlite } from "../../src/store/sqlite-check.ts";
import { applicationId, migrate, migrations } from "../../src/store/sqlite-schema.ts";
import { openSqliteStore } from "../../src/store/sqlite-store.ts";

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
      if (get.status === "fulfilled") expect(get.value).toEqual(new Uint8Array(recordOf(n).value));
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
    expect(checkSqlite(directory)).toEqual({ records: users, faults: [] });
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
    expect(checkSqlite(directory)).toEqual({ records: users, faults: [`row 7 ${fault}`] });
  });

  test("is refused where there is no store, in use, or of another version", async () => {
    expect(() => checkSqlite(directory)).toThrow(`${path} does not exist; name the directory of a store`);
    const store = await openSqliteStore({ directory });
    expect(() => checkSqlite(directory)).toThrow(
      /is open in this process \(pid \d+ on .+\); close that store/,
    );
    await store.close();
    expect(checkSqlite(directory)).toEqual({ records: 0, faults: [] });
    alter("PRAGMA user_version = 9");
    expect(() => checkSqlite(directory)).toThrow(StoreOpenError);
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
    expect(checkSqlite(directory)).toEqual({ records: users, faults: [] });
  });

  test("makes the tables of an empty file, marked as ours", () => {
    const database = new DatabaseSync(":memory:");
    migrate(database);
    expect(database.prepare("PRAGMA application_id").get()).toEqual({ application_id: applicationId });
    expect(database.prepare("SELECT count(*) AS count FROM record").get()).toEqual({ count: 0 });
    database.close();
  });
});
