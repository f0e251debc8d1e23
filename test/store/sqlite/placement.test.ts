import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type PlanStore, type PutRecord, StoreUnavailable } from "../../../src/store/plan-store.ts";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";
import { startStoreChild } from "../../support/child-process.ts";
import { canMount } from "../../support/small-disk.ts";

let parent: string;
let directory: string;
let path: string;
let store: PlanStore;

beforeEach(async () => {
  parent = mkdtempSync(join(tmpdir(), "plan-store-"));
  directory = join(parent, "data");
  path = join(directory, "plans.sqlite");
  store = await openSqliteStore({ directory });
  await store.put(recordOf("before"));
});
afterEach(async () => {
  await store.close();
  rmSync(parent, { recursive: true });
});

function recordOf(id: string): PutRecord {
  const key = { kind: "planStatus", asn: 64_500, clientId: "", id } as const;
  return { key, updateTime: undefined, expiresAtMs: undefined, value: Buffer.from(`of ${id}`) };
}

/** Puts and a health check must reject with this message. */
async function expectRefused(message: string): Promise<void> {
  const refusal = new StoreUnavailable(`SQLite failed: ${message}`);
  await expect(store.put(recordOf("refused"))).rejects.toThrow(refusal);
  await expect(store.health()).rejects.toThrow(refusal);
  await expect(store.put(recordOf("refused"))).rejects.toThrow(refusal);
}

async function expectAccepted(): Promise<void> {
  await store.health();
  expect(await store.put(recordOf("accepted"))).toEqual({ outcome: "stored" });
}

function changed(file: string, how: "removed" | "replaced"): string {
  return `${file} was ${how} while it was open, so that records would be lost; put the original file back, or stop every program that uses the directory and start again`;
}

function truncated(file: string): string {
  return `${file} was truncated while it was open, so that records would be lost; stop every program that uses the directory, and restore a backup unless VACUUM has compacted the database`;
}

/** Makes a backup as the documentation says, while the store is open. */
function backUp(): string {
  const backup = join(parent, "backup.sqlite");
  const database = new DatabaseSync(path);
  database.prepare("VACUUM INTO ?").run(backup);
  database.close();
  return backup;
}

describe("puts and health checks reject after", () => {
  test("the database file was removed", async () => {
    rmSync(path);
    await expectRefused(changed(path, "removed"));
  });

  test("the database file and its log were removed", async () => {
    for (const end of ["", "-wal", "-shm"]) {
      rmSync(path + end);
    }
    await expectRefused(changed(path, "removed"));
  });

  test.each([
    ["moved over it", renameSync],
    ["linked in its place", linkSync],
    ["made reachable in its place by a symbolic link", symlinkSync],
  ])("a backup was %s", async (_, replace) => {
    const backup = backUp();
    rmSync(path);
    replace(backup, path);
    await expectRefused(changed(path, "replaced"));
  });

  test("the file was moved and a symbolic link leads to it, because its log is beside the link", async () => {
    const moved = join(parent, "moved.sqlite");
    renameSync(path, moved);
    symlinkSync(moved, path);
    await expectRefused(changed(path, "replaced"));
  });

  test.each(["-wal", "-shm"])("its file with the suffix %s was removed or replaced", async (suffix) => {
    renameSync(path + suffix, join(parent, "away"));
    await expectRefused(changed(path + suffix, "removed"));
    copyFileSync(join(parent, "away"), path + suffix);
    await expectRefused(changed(path + suffix, "replaced"));
    renameSync(join(parent, "away"), path + suffix);
    await expectAccepted();
  });

  test("the database file was emptied", async () => {
    await store.close();
    store = await openSqliteStore({ directory });
    truncateSync(path);
    await expectRefused(truncated(path));
  });

  test("an older and smaller backup was copied into the file", async () => {
    const backup = backUp();
    const value = Buffer.alloc(4_000);
    await Promise.all(Array.from({ length: 1_000 }, (_, n) => store.put({ ...recordOf(`user${n}`), value })));
    copyFileSync(backup, path);
    await expectRefused(truncated(path));
  });

  test("its log was emptied", async () => {
    truncateSync(`${path}-wal`);
    await expectRefused(truncated(`${path}-wal`));
  });

  test("its directory was renamed, and succeed when it has its name again", async () => {
    renameSync(directory, join(parent, "renamed"));
    await expectRefused(changed(path, "removed"));
    renameSync(join(parent, "renamed"), directory);
    await expectAccepted();
  });

  test("its directory was removed", async () => {
    rmSync(directory, { recursive: true });
    await expectRefused(changed(path, "removed"));
  });

  test("its directory was replaced by a copy", async () => {
    renameSync(directory, join(parent, "renamed"));
    mkdirSync(directory);
    copyFileSync(join(parent, "renamed", "plans.sqlite"), path);
    await expectRefused(changed(path, "replaced"));
  });

  test("the parent of its directory was renamed", async () => {
    renameSync(parent, `${parent}-renamed`);
    await expectRefused(changed(path, "removed"));
    renameSync(`${parent}-renamed`, parent);
    await expectAccepted();
  });

  test.skipIf(!canMount())("another file system was mounted over its directory (requires root)", async () => {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", directory]);
    try {
      await expectRefused(changed(path, "removed"));
    } finally {
      execFileSync("umount", [directory]);
    }
    await expectAccepted();
  });

  test("the target of a symbolic link to its directory was changed", async () => {
    const link = join(parent, "current");
    symlinkSync(directory, link);
    await store.close();
    store = await openSqliteStore({ directory: link });
    const other = await openSqliteStore({ directory: join(parent, "other") });
    await other.close();
    rmSync(link);
    symlinkSync(join(parent, "other"), link);
    await expectRefused(changed(join(link, "plans.sqlite"), "replaced"));
  });
});

describe("puts succeed", () => {
  test("when the database file was moved away and back", async () => {
    renameSync(path, `${path}.away`);
    await expectRefused(changed(path, "removed"));
    renameSync(`${path}.away`, path);
    await expectAccepted();
  });

  test("when the directory was moved and a symbolic link leads to it, because its log moved with it", async () => {
    renameSync(directory, join(parent, "moved"));
    symlinkSync(join(parent, "moved"), directory);
    await expectAccepted();
  });

  test("when another program has checkpointed and truncated the log", async () => {
    const other = new DatabaseSync(path);
    const done = other.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get();
    expect(done).toMatchObject({ busy: 0 });
    other.close();
    await expectAccepted();
  });
});

test("gets return the last acknowledged records after the database file was removed", async () => {
  rmSync(path);
  await expect(store.put(recordOf("before"))).rejects.toThrow(StoreUnavailable);
  expect(Buffer.from((await store.get(recordOf("before").key)) ?? []).toString()).toBe("of before");
});

test("scans and snapshots reject after the database file was replaced, and create no file after it was removed", async () => {
  const read = async (snapshot: boolean) => {
    for await (const _ of store.scan({ snapshot })) {
      // Only whether it rejects matters.
    }
  };
  rmSync(path);
  await expect(read(false)).rejects.toThrow(/was removed or replaced since this program opened it/);
  await expect(read(true)).rejects.toThrow(StoreUnavailable);
  await expectRefused(changed(path, "removed"));
});

test("of two stores of a directory, both reject puts after the database file was replaced", async () => {
  const first = store;
  const second = await openSqliteStore({ directory });
  renameSync(backUp(), path);
  for (const each of [second, first]) {
    store = each;
    await expectRefused(changed(path, "replaced"));
  }
  await second.close();
});

test("a store that is closed leaves the log of a file that has replaced its own", async () => {
  renameSync(backUp(), path);
  for (const suffix of ["-wal", "-shm"]) {
    rmSync(path + suffix);
  }
  const next = await openSqliteStore({ directory });
  await next.put(recordOf("next"));
  await store.close();
  store = next;
  await expectAccepted();
  expect(await store.get(recordOf("next").key)).toBeDefined();
});

test("a process that is killed after its log was removed loses no put that has resolved", async () => {
  const other = join(parent, "other");
  const child = startStoreChild("load", other);
  await child.wrote(500);
  rmSync(join(other, "plans.sqlite-wal"));
  // It kills itself with SIGKILL when a put rejects.
  const lines = await child.ended();
  expect(lines.at(-1)).toContain("plans.sqlite-wal was removed");
  const ids = lines.filter((line) => line.startsWith("user"));
  await store.close();
  store = await openSqliteStore({ directory: other });
  const found = await Promise.all(ids.map((id) => store.get({ ...recordOf("").key, id })));
  expect(found.filter((value) => value === undefined)).toEqual([]);
});
