import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type PutRecord, StoreOpenError } from "../../../src/store/plan-store.ts";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";
import { startStoreChild } from "../../support/child-process.ts";
import { canMount, mountSmallDisk } from "../../support/small-disk.ts";
import { canMountFailing, mountFailingDisk } from "./failing-disk.ts";

const isRoot = process.getuid?.() === 0;
const record: PutRecord = {
  key: { kind: "planStatus", asn: 64_500, clientId: "", id: "user" },
  updateTime: undefined,
  expiresAtMs: undefined,
  value: Buffer.from("value"),
};

let parent: string;
let directory: string;
let path: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "plan-store-"));
  directory = join(parent, "a", "store");
  path = join(directory, "plans.sqlite");
});
afterEach(() => rm(parent, { recursive: true }));

/** Returns the message of the StoreOpenError that open rejects with. */
async function refusal(directory: string): Promise<string> {
  const error = await openSqliteStore({ directory }).then(
    (store) => store.close(),
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(StoreOpenError);
  return (error as StoreOpenError).message;
}

/** Runs SQL on the database file, which is created if missing. */
async function alter(sql: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

async function create(): Promise<void> {
  const store = await openSqliteStore({ directory });
  await store.put(record);
  await store.close();
}

describe("a directory", () => {
  test("is created for the owner alone, as are its files", async () => {
    const store = await openSqliteStore({ directory });
    await store.put(record);
    const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
    expect([await mode(join(parent, "a")), await mode(directory)]).toEqual(["700", "700"]);
    const files = (await readdir(directory)).sort();
    expect(files).toEqual([
      "lock.holder",
      "lock.sqlite",
      "plans.sqlite",
      "plans.sqlite-shm",
      "plans.sqlite-wal",
    ]);
    for (const file of files) {
      expect(await mode(join(directory, file))).toBe("600");
    }
    await store.close();
  });

  test("has no log left after close: the database is whole in one file", async () => {
    await create();
    expect((await readdir(directory)).sort()).toEqual(["lock.holder", "lock.sqlite", "plans.sqlite"]);
  });

  test("that is a file, or below one, is refused", async () => {
    const file = join(parent, "file");
    await writeFile(file, "text");
    expect(await refusal(file)).toBe(
      `cannot create the directory ${file} for the store: a file is in its place; choose another one`,
    );
    expect(await refusal(join(file, "store"))).toContain("a file is in its place");
  });

  test.skipIf(process.platform !== "linux")("that cannot be created is refused", async () => {
    expect(await refusal("/proc/plan-store")).toMatch(
      /^cannot create the directory \/proc\/plan-store for the store: ENOENT/,
    );
  });

  test.skipIf(process.platform !== "linux")("in which no file can be created is refused", async () => {
    expect(await refusal("/proc/self")).toMatch(/^(cannot create )?\/proc\/self\b/);
  });

  test.skipIf(isRoot)("that cannot be written is refused", async () => {
    await create();
    await chmod(directory, 0o500);
    expect(await refusal(directory)).toContain(`${directory} cannot be read and written by user `);
    await chmod(directory, 0o700);
    await chmod(path, 0o400);
    expect(await refusal(directory)).toContain(`${path} cannot be read and written by user `);
  });

  test.skipIf(!canMount())("on a read-only disk is refused", async () => {
    const disk = mountSmallDisk(4);
    try {
      await (await openSqliteStore({ directory: disk.directory })).close();
      disk.makeReadOnly();
      expect(await refusal(disk.directory)).toMatch(
        /cannot be read and written by user .*: EROFS: read-only/,
      );
    } finally {
      disk.remove();
    }
  });

  test.skipIf(!canMountFailing())(
    "on a disk that has failed, and lets nobody write, is refused",
    async () => {
      const disk = mountFailingDisk(8);
      try {
        const directory = join(disk.directory, "store");
        await (await openSqliteStore({ directory })).close();
        disk.fail();
        expect(await refusal(directory)).toBe(
          `${join(directory, "plans.sqlite")} cannot be opened for writing: unable to open database file; ` +
            "see whether its disk is mounted for writing, or choose another directory",
        );
      } finally {
        disk.remove();
      }
    },
  );
});

describe("a database file", () => {
  test("that is empty is taken", async () => {
    await mkdir(directory, { recursive: true });
    await writeFile(path, "");
    await create();
    expect((await readFile(path)).subarray(0, 15).toString()).toBe("SQLite format 3");
  });

  test("that is none is refused and left alone", async () => {
    await mkdir(directory, { recursive: true });
    const text = "not a database, whatever it may be\n".repeat(200);
    await writeFile(path, text);
    expect(await refusal(directory)).toBe(
      `${path} is not a SQLite database; move it away, or choose another directory`,
    );
    expect(await readFile(path, "utf8")).toBe(text);
  });

  test("that is damaged is refused", async () => {
    await create();
    const bytes = await readFile(path);
    // Overwrites the first page after the file's header, where the list of tables is.
    await writeFile(path, bytes.fill(0xff, 100, 4096));
    expect(await refusal(directory)).toMatch(/plans\.sqlite is damaged \(.*\); restore it from a backup/);
  });

  test("that is a directory is refused", async () => {
    await mkdir(path, { recursive: true });
    expect(await refusal(directory)).toContain(`${path} cannot be opened`);
  });

  test.each([
    ["with another application id", "PRAGMA application_id = 1196444487"],
    ["with tables but no application id", "CREATE TABLE theirs (a)"],
    ["with a version but no application id", "PRAGMA user_version = 1"],
  ])("of another application, %s, is refused and left alone", async (_, sql) => {
    await alter(sql);
    const before = await readFile(path);
    expect(await refusal(directory)).toBe(
      `${path} is the database of another application; move it away, or choose another directory`,
    );
    expect(Buffer.compare(await readFile(path), before)).toBe(0);
  });

  test("of a later schema version is refused and left alone", async () => {
    await create();
    await alter("PRAGMA user_version = 2");
    const before = await readFile(path);
    expect(await refusal(directory)).toBe(
      `${path} has schema version 2, but this program knows only those up to 1; ` +
        "run the program that wrote it or a later one, or choose another directory",
    );
    expect(Buffer.compare(await readFile(path), before)).toBe(0);
  });

  test("that was refused does not keep the directory claimed", async () => {
    await alter("PRAGMA user_version = 2");
    await refusal(directory);
    await rm(path);
    await create();
  });
});

test("kill -9 under load loses no put that has resolved", async () => {
  const child = startStoreChild("load", directory);
  await child.wrote(2000);
  const ids = await child.kill();
  expect(ids.length).toBeGreaterThanOrEqual(2000);
  const store = await openSqliteStore({ directory });
  const values = await Promise.all(ids.map((id) => store.get({ ...record.key, id })));
  expect(values.map((value) => value && Buffer.from(value).toString())).toEqual(ids.map((id) => `of ${id}`));
  await store.close();
});

test("opens in a process that was started with options of V8", async () => {
  const child = startStoreChild("try", directory, ["--max-semi-space-size=16"]);
  expect(await child.ended()).toEqual(["open"]);
});
