import { execFile } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { createPlanSharingClient, planStatusOf } from "../../../src/client/index.ts";
import { dataDirectory } from "../../support/data-directory.ts";
import { printToken, runProgram, startServe } from "../../support/program.ts";

const repository = new URL("../../..", import.meta.url).pathname;
const parent = "operators/65001";

/** The blocks of commands of the chapter: back up, restore, restore a copy of the file. */
const blocks = await readFile(join(repository, "docs/storage.md"), "utf8").then((text) => {
  const [chapter = ""] = text.split("## Back up and restore")[1]?.split("\n## ") ?? [];
  return [...chapter.matchAll(/```sh\n([\s\S]*?)\n```/g)].map(([, block = ""]) => block);
});

/** An installation in a folder of its own. */
async function setUp() {
  const place = await dataDirectory();
  const data = join(place, "data");
  const backup = join(place, "backup");
  const bin = join(place, "bin");
  const calls = join(place, "systemctl-calls");
  await Promise.all([data, backup, bin].map((each) => mkdir(each, { mode: 0o700 })));
  const programs = {
    mdps: `exec '${process.execPath}' '${join(repository, "src/cli/main.ts")}' "$@"`,
    systemctl: `echo "$@" >> '${calls}'`,
  };
  for (const [name, command] of Object.entries(programs)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${command}\n`);
    await chmod(join(bin, name), 0o755);
  }

  /** Runs a block with the directories, the user and the day of this test. Fails if a command fails. */
  async function run(block = ""): Promise<string> {
    const { gid, uid } = userInfo();
    const [file = "none"] = (await readdir(backup)).filter((name) => name.endsWith(".ndjson"));
    const commands = block
      .replaceAll("/var/lib/mdps", data)
      .replaceAll("/backup", backup)
      .replaceAll("-o mdps -g mdps", `-o ${uid} -g ${gid}`)
      .replaceAll("plans-2026-03-01.ndjson", file);
    const { stdout } = await promisify(execFile)("bash", ["-euo", "pipefail", "-c", commands], {
      env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
    });
    return stdout;
  }
  return { data, backup, run, calls };
}

/** Pushes a status with a token of this or an earlier server. */
async function push(url: string, token: string, userKey: string): Promise<void> {
  const expireTime = timestampFromMs(Date.UTC(2199, 0));
  const planStatus = planStatusOf({ languageCode: "en-US", title: userKey, expireTime });
  await createPlanSharingClient({ endpoint: url, protocol: "rest", token }).createPlanStatus({
    parent,
    userKey,
    planStatus,
  });
}

/** Returns which of the users have a status. */
async function usersIn(data: string, users: readonly string[]): Promise<string[]> {
  const { stdout } = await runProgram(["export", "--data", data]);
  return users.filter((user) => stdout.includes(user));
}

describe.skipIf(process.platform === "win32")("the commands of the chapter on backups", () => {
  it("back up a running server, and restore its records and tokens into an empty directory", async () => {
    const { data, run } = await setUp();
    const server = await startServe(data);
    const account = await runProgram(["service-account", "create", "--operator", "65001", "--data", data]);
    expect(account.exitCode).toBe(0);
    const token = await printToken(data);
    await push(server.url, token, "user-before");
    await run(blocks[0]);
    await push(server.url, token, "user-after");
    server.process.kill("SIGTERM");
    await server.ended;
    await rm(data, { recursive: true });

    expect(await run(blocks[1])).toMatch(/: no problems found\n$/);
    expect(await usersIn(data, ["user-before", "user-after"])).toEqual(["user-before"]);
    const restored = await startServe(data);
    await push(restored.url, token, "user-later");
    expect(await usersIn(data, ["user-before", "user-later"])).toEqual(["user-before", "user-later"]);
  });

  it("restore a copy of the file of a server that was killed", async () => {
    const { data, backup, run, calls } = await setUp();
    const server = await startServe(data);
    const token = await printToken(data);
    await push(server.url, token, "user-before");
    const database = new DatabaseSync(join(data, "plans.sqlite"));
    database.prepare("VACUUM INTO ?").run(join(backup, "plans.sqlite"));
    database.close();
    await push(server.url, token, "user-after");
    server.process.kill("SIGKILL");
    await once(server.process, "exit");

    await run(blocks[2]);
    expect(await readFile(calls, "utf8")).toBe("stop mdps\nstart mdps\n");
    expect(await usersIn(data, ["user-before", "user-after"])).toEqual(["user-before"]);
    const restored = await startServe(data);
    await push(restored.url, token, "user-later");
    expect(await usersIn(data, ["user-before", "user-later"])).toEqual(["user-before", "user-later"]);
  });
});
