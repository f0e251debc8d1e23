import { chmod, open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createPlanSharingClient } from "../../src/client/index.ts";
import { bytesIn, dataDirectory } from "../support/data-directory.ts";
import { printToken, runProgram, startServe } from "../support/program.ts";

/** Starts a server on a new directory and pushes groups to it. */
async function served(groups: number) {
  const directory = await dataDirectory();
  const server = await startServe(directory);
  const token = await printToken(directory);
  const client = createPlanSharingClient({ endpoint: server.url, protocol: "connect", token });
  const ids = Array.from({ length: groups }, (_, index) => `group-${index}`);
  await Promise.all(
    ids.map((planGroupId) => client.createPlanGroup({ parent: "operators/65001", planGroupId })),
  );
  return { directory, server };
}

describe("mdps check", () => {
  it("finds no problem while a server runs, after kill -9 or after a clean stop, and changes nothing", async () => {
    const { directory, server } = await served(200);
    const running = await runProgram(["check", "--data", directory]);
    expect(running).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(
        /^checked \d+ files and 200 records while a server was running: no problems found\n$/,
      ),
    });

    server.process.kill("SIGKILL");
    await server.ended;
    const left = await bytesIn(directory);
    const killed = await runProgram(["check", "--json", "--data", directory]);
    expect(JSON.parse(killed.stdout)).toMatchObject({ records: 200, inUse: false, errors: 0, findings: [] });
    expect(await bytesIn(directory)).toEqual(left);

    const again = await startServe(directory);
    again.process.kill("SIGTERM");
    await again.ended;
    const before = await bytesIn(directory);
    const { stdout, exitCode } = await runProgram(["check", "--data", directory]);
    expect(stdout).toMatch(/^checked \d+ files and 200 records: no problems found\n$/);
    expect(exitCode).toBe(0);
    expect(await bytesIn(directory)).toEqual(before);
  });

  it("reports each problem with its severity and exits with 1", async () => {
    const { directory, server } = await served(1_000);
    server.process.kill("SIGTERM");
    await server.ended;
    const path = join(directory, "plans.sqlite");
    const file = await open(path, "r+");
    const page = Math.floor((await readFile(path)).indexOf("planGroups/group-500") / 4096);
    await file.write(Buffer.alloc(512, 0xee), 0, 512, page * 4096);
    await file.close();
    await writeFile(join(directory, "notes.txt"), "");
    await chmod(join(directory, "signing-key.json"), 0o644);

    const { stdout, exitCode } = await runProgram(["check", "--data", directory]);
    expect(stdout).toMatch(/^error {4}signing-key\.json: is accessible to other users .* chmod 600/m);
    expect(stdout).toMatch(/^warning {2}notes\.txt: does not belong/m);
    expect(stdout).toMatch(/^error {4}plans\.sqlite: .*(Tree|malformed|btree)/m);
    expect(stdout).toMatch(/records: \d+ errors, 1 warnings\n$/);
    expect(exitCode).toBe(1);
  });

  it.each<[string, string[], RegExp]>([
    ["a directory that does not exist", ["--data", "/none"], /^mdps: \/none does not exist: pass/],
    ["an unknown type of store", ["--store", "mysql://me:secret@host/db"], /^mdps: a store must be sqlite:/],
  ])("describes the error and exits with 1: %s", async (_, args, message) => {
    const env = { XDG_DATA_HOME: await dataDirectory(), MDPS_DATA: await dataDirectory() };
    const { exitCode, stderr } = await runProgram(["check", ...args], { env });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("secret");
    expect(exitCode).toBe(1);
  });
});
