import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type PutRecord, StoreOpenError } from "../../../src/store/plan-store.ts";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";
import { startStoreChild } from "../../support/child-process.ts";
import { canMount, mountSmallDisk } from "../../support/small-disk.ts";
import { canMountFailing, mountFailingDisk } from "./failing-disk.ts";

// Permissions do not bind root.
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

/** Returns the message of the StoreOpenError that opening rejects with. */
async function openError(directory: string): Promise<string> {
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
  test("a new directory and its files are accessible only to their owner", async () => {
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

  test("close leaves no log: the database is complete in one file", async () => {
    await create();
    expect((await readdir(directory)).sort()).toEqual(["lock.holder", "lock.sqlite", "plans.sqlite"]);
  });

  test("opening rejects when the directory, or one of its parents, is a file", async () => {
    const file = join(parent, "file");
    await writeFile(file, "text");
    expect(await openError(file)).toBe(
      `cannot create the directory ${file} for the store: a file is in its place; choose another directory`,
    );
    expect(await openError(join(file, "store"))).toContain("a file is in its place");
  });

  test.skipIf(process.platform !== "linux")(
    "opening rejects when the directory cannot be created",
    async () => {
      expect(await openError("/proc/plan-store")).toMatch(
        /^cannot create the directory \/proc\/plan-store for the store: ENOENT/,
      );
    },
  );

  test.skipIf(process.platform !== "linux")(
    "opening rejects when no file can be created in the directory",
    async () => {
      expect(await openError("/proc/self")).toMatch(/^(cannot create )?\/proc\/self\b/);
    },
  );

  test.skipIf(isRoot)("opening rejects when the directory or the database is not writable", async () => {
    await create();
    await chmod(directory, 0o500);
    expect(await openError(directory)).toContain(`${directory} cannot be read and written by user `);
    await chmod(directory, 0o700);
    await chmod(path, 0o400);
    expect(await openError(directory)).toContain(`${path} cannot be read and written by user `);
  });

  test.skipIf(!canMount())("opening rejects on a read-only disk", async () => {
    const disk = mountSmallDisk(4);
    try {
      await (await openSqliteStore({ directory: disk.directory })).close();
      disk.makeReadOnly();
      expect(await openError(disk.directory)).toMatch(
        /cannot be read and written by user .*: EROFS: read-only/,
      );
    } finally {
      disk.remove();
    }
  });

  test.skipIf(!canMountFailing())(
    "opening rejects on a disk that has failed and become read-only",
    async () => {
      const disk = mountFailingDisk(8);
      try {
        const directory = join(disk.directory, "store");
        await (await openSqliteStore({ directory })).close();
        disk.fail();
        expect(await openError(directory)).toBe(
          `${join(directory, "plans.sqlite")} cannot be opened for writing: unable to open database file; ` +
            "check that its disk is mounted for writing, or choose another directory",
        );
      } finally {
        disk.remove();
      }
    },
  );
});

describe("a directory that another process has open", () => {
  /** Returns what a second process reports that opens the directory. */
  const openInChild = async () => (await startStoreChild("try", directory).ended())[0];
  const missing = () =>
    `StoreOpenError: ${path} is missing, but ${directory} is in use by another process (last opened by pid ${process.pid} on ${hostname()}); ` +
    "stop it first, or choose another directory, or put the file back";

  test("a second process that opens it after the database file was removed names the first, and creates no file", async () => {
    const store = await openSqliteStore({ directory });
    await rm(path);
    expect(await openInChild()).toBe(missing());
    expect(await openInChild()).toBe(missing());
    expect(await readdir(directory)).not.toContain("plans.sqlite");
    await store.close();
    expect(await openInChild()).toBe("open");
  });

  test("a second store of the same process says so after the database file was removed", async () => {
    const store = await openSqliteStore({ directory });
    await rm(path);
    expect(await openError(directory)).toContain(
      `${path} is missing, but ${directory} is in use, last by this process (pid ${process.pid} on`,
    );
    await store.close();
  });

  test("a process that could not open it is not named to the next one", async () => {
    const store = await openSqliteStore({ directory });
    expect(await openInChild()).toBe("open");
    await openSqliteStore({ directory }).then((second) => second.close());
    await rm(path);
    expect(await openInChild()).toBe(missing());
    expect(await openInChild()).toBe(missing());
    await store.close();
  });

  test("a second process opens a new store after the whole directory was removed", async () => {
    const store = await openSqliteStore({ directory });
    await rm(directory, { recursive: true });
    expect(await openInChild()).toBe("open");
    await expect(store.put(record)).rejects.toThrow("plans.sqlite was replaced while it was open");
    await store.close();
  });

  test("a second process opens a new store after the database and lock files were removed", async () => {
    const store = await openSqliteStore({ directory });
    await rm(path);
    await rm(join(directory, "lock.sqlite"));
    expect(await openInChild()).toBe("open");
    await expect(store.put(record)).rejects.toThrow("plans.sqlite was replaced while it was open");
    await store.close();
  });

  test("a second process shares it after the lock file was removed", async () => {
    const store = await openSqliteStore({ directory });
    await rm(join(directory, "lock.sqlite"));
    expect(await openInChild()).toBe("open");
    expect(await store.put(record)).toEqual({ outcome: "stored" });
    await store.close();
  });

  test("the name of a process that was killed prevents nothing, and its log is kept when its database file is missing", async () => {
    const child = startStoreChild("load", directory);
    await child.wrote(1);
    const [id = ""] = await child.kill();
    await rename(path, `${path}.away`);
    const error = `${path} is missing, but ${path}-wal has records of it; put the file back, or remove the log to start without records`;
    expect(await openInChild()).toBe(`StoreOpenError: ${error}`);
    await rename(`${path}.away`, path);
    const store = await openSqliteStore({ directory });
    expect(await store.get({ ...record.key, id })).toBeDefined();
    await store.close();
    await rm(path);
    expect(await openInChild()).toBe("open");
  });
});

describe("a database file", () => {
  test("opening creates the tables in an empty file", async () => {
    await mkdir(directory, { recursive: true });
    await writeFile(path, "");
    await create();
    expect((await readFile(path)).subarray(0, 15).toString()).toBe("SQLite format 3");
  });

  test("opening rejects a file that is not a database, and does not change it", async () => {
    await mkdir(directory, { recursive: true });
    const text = "not a database, whatever it may be\n".repeat(200);
    await writeFile(path, text);
    expect(await openError(directory)).toBe(
      `${path} is not a SQLite database; move it away, or choose another directory`,
    );
    expect(await readFile(path, "utf8")).toBe(text);
  });

  test("opening rejects a damaged database", async () => {
    await create();
    const bytes = await readFile(path);
    // Overwrites the first page after the file's header, where the list of tables is.
    await writeFile(path, bytes.fill(0xff, 100, 4096));
    expect(await openError(directory)).toMatch(/plans\.sqlite is damaged \(.*\); restore it from a backup/);
  });

  test("opening rejects a directory in place of the database", async () => {
    await mkdir(path, { recursive: true });
    expect(await openError(directory)).toContain(`${path} cannot be opened`);
  });

  test.each([
    ["with another application id", "PRAGMA application_id = 1196444487"],
    ["with tables but no application id", "CREATE TABLE theirs (a)"],
    ["with a version but no application id", "PRAGMA user_version = 1"],
  ])("opening rejects a database %s, and does not change it", async (_, sql) => {
    await alter(sql);
    const before = await readFile(path);
    expect(await openError(directory)).toBe(
      `${path} is the database of another application; move it away, or choose another directory`,
    );
    expect(Buffer.compare(await readFile(path), before)).toBe(0);
  });

  test("opening rejects a database of a later schema version, and does not change it", async () => {
    await create();
    await alter("PRAGMA user_version = 2");
    const before = await readFile(path);
    expect(await openError(directory)).toBe(
      `${path} has schema version 2, but this program only supports versions up to 1; ` +
        "run the program that wrote it or a later one, or choose another directory",
    );
    expect(Buffer.compare(await readFile(path), before)).toBe(0);
  });

  test("a directory is not locked after opening it was rejected", async () => {
    await alter("PRAGMA user_version = 2");
    await openError(directory);
    await rm(path);
    await create();
    expect(await readdir(directory)).toContain("plans.sqlite");
  });
});

test("a process killed with SIGKILL under load loses no put that has resolved", async () => {
  const child = startStoreChild("load", directory);
  await child.wrote(500);
  const ids = await child.kill();
  expect(ids.length).toBeGreaterThanOrEqual(500);
  const store = await openSqliteStore({ directory });
  const values = await Promise.all(ids.map((id) => store.get({ ...record.key, id })));
  expect(values.map((value) => value && Buffer.from(value).toString())).toEqual(ids.map((id) => `of ${id}`));
  await store.close();
});

test("a store opens in a process that was started with options of V8", async () => {
  const child = startStoreChild("try", directory, ["--max-semi-space-size=16"]);
  expect(await child.ended()).toEqual(["open"]);
});
