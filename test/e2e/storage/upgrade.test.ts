import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { createPlanSharingClient } from "../../../src/client/index.ts";
import { dataDirectory } from "../../support/data-directory.ts";
import { printToken, runProgram, startServe } from "../../support/program.ts";
import { lineOf, writeLines } from "../../support/push-inputs.ts";
import { argsOf, onlyRun } from "../../support/push-runs.ts";

const page = readFileSync(new URL("../../../docs/operations/upgrade.md", import.meta.url), "utf8");

/** Changes the version of the tables of a SQLite store. */
function setVersion(path: string, version: number): void {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA user_version = ${version}; PRAGMA wal_checkpoint(TRUNCATE)`);
  database.close();
}

/** Starts a server, stores a plan group and stops. Returns the data directory. */
async function usedDirectory(): Promise<string> {
  const data = await dataDirectory();
  const server = await startServe(data);
  const client = createPlanSharingClient({
    endpoint: server.url,
    protocol: "connect",
    token: await printToken(data),
  });
  await client.createPlanGroup({ parent: "operators/65001", planGroupId: "g" });
  server.process.kill("SIGTERM");
  await server.ended;
  return data;
}

describe("docs/operations/upgrade.md", () => {
  it("says that an older program does not start on newer tables, with this message, and changes nothing", async () => {
    const data = await usedDirectory();
    const path = join(data, "plans.sqlite");
    setVersion(path, 2);
    const before = await readFile(path);
    const { exitCode, stderr } = await runProgram(["serve", "--data", data, "--port", "0"]);
    expect(exitCode).not.toBe(0);
    const message = "has schema version 2, but this program only supports versions up to 1";
    expect(stderr).toContain(message);
    expect(page).toContain(`… ${message}`);
    expect(await readFile(path)).toEqual(before);
  });

  it("says that an older program rejects settings that it does not know, in files and as variables", async () => {
    const data = await dataDirectory();
    const config = join(data, "mdps.yaml");
    await writeFile(config, "limits:\n  maxFutureThings: 1\n");
    const ofFile = await runProgram(["config", "check", "--config", config]);
    expect(ofFile).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("maxFutureThings") });
    const ofVariable = await runProgram(["config", "check"], { env: { MDPS_LIMITS_FUTURE_THINGS: "1" } });
    expect(ofVariable).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("MDPS_LIMITS_FUTURE_THINGS"),
    });
  });

  it("says that an import names a line with a field that it does not know, and continues after it is repaired", async () => {
    const [from, to] = [await usedDirectory(), await dataDirectory()];
    const file = join(from, "late.ndjson");
    expect(await runProgram(["export", file, "--data", from])).toMatchObject({ exitCode: 0 });
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace('"planGroupId"', '"futureField":1,"planGroupId"'));
    const { exitCode, stderr } = await runProgram(["import", file, "--data", to]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /line 1: futureField: is not a field of CreatePlanGroupRequest.*continue with --skip 0/s,
    );
    await writeFile(file, text);
    expect(await runProgram(["import", file, "--data", to, "--skip", "0"])).toMatchObject({ exitCode: 0 });
  });

  it("says that a run of mdps push of another version is left as it is", async () => {
    const directory = await dataDirectory();
    const server = await startServe(directory);
    const file = await writeLines(directory, [lineOf("user-1")]);
    const token = await printToken(directory);
    await runProgram(["push", file, ...argsOf(directory, server.url)], { env: { MDPS_TOKEN: token } });
    const settings = join(await onlyRun(directory), "run.json");
    const text = (await readFile(settings, "utf8")).replace(/"version": ?1/, '"version":2');
    await writeFile(settings, text);
    const { exitCode, stderr } = await runProgram(["push", "--resume", await onlyRun(directory)], {
      env: { MDPS_TOKEN: "t" },
    });
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining(
        "was written by another version of mdps: its version is 2, but only 1 is supported",
      ),
    ]);
    expect(await readFile(settings, "utf8")).toBe(text);
  });

  it("says that service accounts with a field that is not known are rejected", async () => {
    const data = await usedDirectory();
    const key = join(data, "key.json");
    const created = await runProgram([
      ...["service-account", "create", "--operator", "65001", "--endpoint", "https://dpa.example"],
      ...["--data", data, "--out", key],
    ]);
    expect(created).toMatchObject({ exitCode: 0 });
    const accounts = join(data, "service-accounts.json");
    await writeFile(accounts, (await readFile(accounts, "utf8")).replace("{", '{"futureField":1,'));
    const { exitCode, stderr } = await runProgram(["serve", "--data", data, "--port", "0"]);
    expect([exitCode === 0, stderr]).toEqual([false, expect.stringContaining("service-accounts.json")]);
  });
});
