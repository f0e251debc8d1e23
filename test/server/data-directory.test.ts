import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { SigningKeyError } from "../../src/auth/signing-key.ts";
import { StoreOpenError } from "../../src/store/plan-store.ts";
import { dataDirectory } from "../support/data-directory.ts";
import { parent, startTestServer } from "../support/test-server.ts";

/** Starts a server, which must not start, and returns why. */
async function startError(directory: string, store?: string): Promise<Error> {
  const outcome = await startTestServer({ directory, store }).then(
    async (server) => {
      await server.stop();
      return expect.fail("the server started");
    },
    (reason: unknown) => reason,
  );
  expect(outcome).toBeInstanceOf(Error);
  return outcome as Error;
}

/** A directory that a server has used. */
async function usedDirectory(): Promise<string> {
  const directory = await dataDirectory();
  const server = await startTestServer({ directory });
  await server.client("rest").createPlanGroup({ parent, planGroupId: "k" });
  await server.stop();
  return directory;
}

describe("a data directory", () => {
  it("a missing data directory is created, readable by its owner only", async () => {
    const directory = join(await dataDirectory(), "new", "data");
    const server = await startTestServer({ directory });
    await server.stop();
    expect((await stat(directory)).mode & 0o077).toBe(0);
    for (const file of await readdir(directory)) {
      expect((await stat(join(directory, file))).mode & 0o077, file).toBe(0);
    }
  });

  it("several servers share the data and the tokens of one data directory", async () => {
    await using first = await startTestServer();
    await using second = await startTestServer({ directory: first.directory });
    await first.client("rest").createPlanGroup({ parent, planGroupId: "k" });
    expect((await second.client("grpc").getPlanGroup({ name: `${parent}/planGroups/k` })).name).toContain(
      "/k",
    );
  });

  it("a data directory can be used again after its server has stopped, with its data and tokens", async () => {
    const directory = await usedDirectory();
    const before = await readFile(join(directory, "signing-key.json"), "utf8");
    await using server = await startTestServer({ directory });
    expect((await server.client("grpc").getPlanGroup({ name: `${parent}/planGroups/k` })).name).toContain(
      "/k",
    );
    expect(await readFile(join(directory, "signing-key.json"), "utf8")).toBe(before);
  });

  it("a data directory is not locked after a start that failed on the signing key", async () => {
    const directory = await usedDirectory();
    const path = join(directory, "signing-key.json");
    await chmod(path, 0o644);
    const error = await startError(directory);
    expect(error).toBeInstanceOf(SigningKeyError);
    expect(error.message).toContain(`chmod 600 ${path}`);
    await chmod(path, 0o600);
    const server = await startTestServer({ directory });
    await server.stop();
  });

  it("a server does not start with a store in memory, which would lose what it acknowledges", async () => {
    const error = await startError(await dataDirectory(), "memory:");
    expect(error).toBeInstanceOf(StoreOpenError);
    expect(error.message).toMatch(/^memory: is only for mdps dev/);
  });

  it("a data directory of a newer version is left unchanged", async () => {
    const directory = await usedDirectory();
    const path = join(directory, "plans.sqlite");
    const database = new DatabaseSync(path);
    database.exec("PRAGMA user_version = 99");
    database.close();
    const before = await readFile(path);
    const error = await startError(directory);
    expect(error).toBeInstanceOf(StoreOpenError);
    expect(error.message).toMatch(/version 99/);
    expect(await readFile(path)).toEqual(before);
  });

  it("a data directory with the database of another program is left unchanged", async () => {
    const directory = await dataDirectory();
    const path = join(directory, "plans.sqlite");
    const database = new DatabaseSync(path);
    database.exec("CREATE TABLE mine (x)");
    database.close();
    const before = await readFile(path);
    expect(await startError(directory)).toBeInstanceOf(StoreOpenError);
    expect(await readFile(path)).toEqual(before);
  });

  it("a data directory whose database file is not a database is left unchanged", async () => {
    const directory = await dataDirectory();
    const path = join(directory, "plans.sqlite");
    await writeFile(path, "this is no database, but it is long enough to look like one ".repeat(20), {
      mode: 0o600,
    });
    const error = await startError(directory);
    expect(error).toBeInstanceOf(StoreOpenError);
    expect(error.message).toContain(path);
    expect(await readFile(path, "utf8")).toMatch(/^this is no database/);
  });

  it("a data directory whose database file is a directory is an error", async () => {
    const directory = await dataDirectory();
    await mkdir(join(directory, "plans.sqlite"));
    expect(await startError(directory)).toBeInstanceOf(StoreOpenError);
  });

  it("a data directory that is a file, or below a file, is an error", async () => {
    const file = join(await dataDirectory(), "file");
    await writeFile(file, "mine");
    for (const directory of [file, join(file, "data")]) {
      const error = await startError(directory);
      expect(error).toBeInstanceOf(StoreOpenError);
      expect(error.message).toContain(directory);
    }
    expect(await readFile(file, "utf8")).toBe("mine");
  });
});
