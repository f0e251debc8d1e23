import { chmodSync, chownSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { dataDirectory } from "../../support/data-directory.ts";
import { type Outcome, type ProgramOptions, runProgram, startProgram } from "../../support/program.ts";

const main = new URL("../../../src/cli/main.ts", import.meta.url).pathname;
const uid = 65_532;
const isRoot = process.getuid?.() === 0;

/** Runs the program as the user of the image, in one more group. */
const inGroup = (group: number): ProgramOptions => ({
  command: [
    ...(["setpriv", "--reuid", `${uid}`, "--regid", `${uid}`, "--groups", `${group}`] as const),
    process.execPath,
    main,
  ],
});

/** Returns an empty directory with the owner and mode that Kubernetes gives to a volume for an `fsGroup`. */
async function volumeFor(group: number): Promise<string> {
  const directory = await dataDirectory();
  chownSync(directory, 0, group);
  chmodSync(directory, 0o2770);
  return directory;
}

async function check(directory: string, group: number): Promise<Outcome> {
  return runProgram(["check", "--data", directory], inGroup(group));
}

describe.skipIf(!isRoot)("a volume of root and of a group of the server (requires root to make one)", () => {
  it("is served and passes the check, but not once other users can access it", async () => {
    const directory = await volumeFor(4711);
    const server = startProgram(["serve", "--port", "0", "--data", directory], inGroup(4711));
    await server.printed(/listens on/);
    server.process.kill("SIGTERM");
    expect(await server.ended).toMatchObject({ exitCode: 0 });
    expect(await check(directory, 4711)).toMatchObject({ exitCode: 0, stderr: "" });

    chmodSync(directory, 0o2775);
    const { exitCode, stdout } = await check(directory, 4711);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/is accessible to other users \(mode 775\)/);
  });

  it("does not pass the check if it belongs to the server, which can change its mode", async () => {
    const directory = await volumeFor(4711);
    chownSync(directory, uid, 4711);
    expect(
      (await runProgram(["token", "--operator", "65001", "--data", directory], inGroup(4711))).exitCode,
    ).toBe(0);
    expect((await check(directory, 4711)).stdout).toMatch(/mode 770\). Run: chmod 700/);
  });
});
