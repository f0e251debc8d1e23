import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createPlanSharingClient } from "../../src/client/index.ts";
import { dataDirectory } from "../support/data-directory.ts";
import { printToken, runProgram, startServe } from "../support/program.ts";

async function mdps(...args: string[]) {
  const outcome = await runProgram(args);
  expect(outcome).toMatchObject({ exitCode: 0 });
  return outcome;
}

describe("mdps export and mdps import", () => {
  it("move what a running server has to another one", async () => {
    const [from, to] = [await dataDirectory(), await dataDirectory()];
    const [source, target] = [await startServe(from), await startServe(to)];
    const push = createPlanSharingClient({
      endpoint: source.url,
      protocol: "connect",
      token: await printToken(from),
    });
    const ids = Array.from({ length: 200 }, (_, index) => `group-${index}`);
    await Promise.all(
      ids.map((planGroupId) => push.createPlanGroup({ parent: "operators/65001", planGroupId })),
    );

    const file = join(from, "plans.ndjson");
    const exported = await mdps("export", file, "--data", from);
    expect(exported.stderr).toMatch(/^200 records, digest [0-9a-f]{64}\n$/);
    const summary = exported.stderr.trim();
    const imported = await mdps("import", file, "--store", `sqlite:${to}`);
    expect(imported.stderr).toBe(`${summary}: 200 stored, 0 older than what was there, 0 expired\n`);
    expect((await mdps("export", "--sum-only", "--data", to)).stderr).toBe(`${summary}\n`);

    const read = createPlanSharingClient({
      endpoint: target.url,
      protocol: "connect",
      token: await printToken(to, "--read"),
    });
    const name = "operators/65001/planGroups/group-199";
    expect((await read.getPlanGroup({ name })).name).toBe(name);
  });

  it("go through a pipe", async () => {
    const directory = await dataDirectory();
    const { stdout, stderr } = await mdps("export", "--data", directory);
    expect({ stdout, stderr }).toEqual({ stdout: "", stderr: `0 records, digest ${"0".repeat(64)}\n` });
  });

  it("find out that a file was changed on its way", async () => {
    const directory = await dataDirectory();
    const server = await startServe(directory);
    const client = createPlanSharingClient({
      endpoint: server.url,
      protocol: "rest",
      token: await printToken(directory),
    });
    for (const planGroupId of ["a", "b"]) {
      await client.createPlanGroup({ parent: "operators/65001", planGroupId });
    }
    const file = join(directory, "plans.ndjson");
    await mdps("export", file, "--data", directory);
    const [first] = (await readFile(file, "utf8")).split("\n");
    await writeFile(file, `${first}\n`);
    const { exitCode, stderr } = await runProgram(["import", file, "--data", await dataDirectory()]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^1 records, .*\nmdps: .*plans\.ndjson is not what was exported: its manifest has 2 records/,
    );
  });

  it.each<[string, string[], RegExp]>([
    [
      "a store of no known kind",
      ["export", "--store", "mysql://me:secret@host/db"],
      /^mdps: a store must be sqlite:/,
    ],
    ["a store without a place", ["export", "--store", "sqlite:"], /^mdps: sqlite: must be followed/],
    ["another file of SQLite", ["export", "--store", "sqlite:/tmp/other.sqlite"], /always plans\.sqlite/],
    ["a file that does not exist", ["import", "/none/plans.ndjson"], /ENOENT|no such file/],
    ["a number of lines that is none", ["import", "-", "--skip", "-1"], /number of lines/],
    ["nothing to go on with", ["export", "--resume"], /--resume goes on with a file: name it/],
    ["a SQLite store to prepare", ["store", "init", "--store", "sqlite:/tmp/x"], /only a cql:\/\/ store/],
    [
      "replicas that are none",
      ["store", "init", "--store", "cql://h/k?dc=a", "--replicas", "3"],
      /such as dc1=3/,
    ],
    [
      "a server with such a store",
      ["serve", "--store", "redis://me:secret@host"],
      /^mdps: a store must be sqlite:/,
    ],
    ["no memory", ["serve", "--cache-mib", "0"], /whole number of MiB/],
  ])("say what is wrong: %s", async (_, args, message) => {
    const env = { XDG_DATA_HOME: await dataDirectory() };
    const { exitCode, stderr } = await runProgram(args, { env });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("secret");
    expect(stderr).not.toMatch(/\bat .+:\d+:\d+/);
    expect(exitCode).toBe(1);
  });
});
