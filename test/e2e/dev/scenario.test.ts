import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dataDirectory } from "../../support/data-directory.ts";
import { runProgram, startProgram } from "../../support/program.ts";

describe("mdps dev --scenario", () => {
  it("starts with the scenario, and returns to it after a reset", async () => {
    const program = startProgram(
      ["dev", "--port", "0", "--json", "--data", await dataDirectory(), "--scenario", "expiring"],
      { env: { MDPS_LOG_LEVEL: "error" } },
    );
    const { url } = JSON.parse(await program.printed(/\n$/)) as { url: string };
    const clock = async () => await (await fetch(`${url}/emulator/v1/clock`)).json();
    expect(await clock()).toMatchObject({ mode: "FROZEN" });
    const headers = { "content-type": "application/json" };
    const body = '{"mode": "REAL"}';
    await fetch(`${url}/emulator/v1/clock`, { method: "PATCH", headers, body });
    expect(await clock()).toMatchObject({ mode: "REAL" });
    const reset = await fetch(`${url}/emulator/v1:reset`, { method: "POST", headers, body: "{}" });
    expect([reset.status, await clock()]).toEqual([200, expect.objectContaining({ mode: "FROZEN" })]);
  });

  it("does not start with a scenario that has errors, and prints all of them with their lines", async () => {
    const data = await dataDirectory();
    const file = join(data, "users.yaml");
    await writeFile(file, "records:\n- {userKey: a}\n- {userKey: b, example: mnimal}\n");
    const { stdout, stderr, exitCode } = await runProgram(
      ["dev", "--port", "0", "--data", data, "--scenario", file],
      { env: { MDPS_LOG_LEVEL: "error" } },
    );
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
    expect(stderr.split("\n")).toEqual([
      `mdps: ${file}:2:3: records[0].planStatus: value is required`,
      expect.stringMatching(
        /^\S+users\.yaml:3:16: records\[1\]\.example: must be one of .*; did you mean minimal\?$/,
      ),
      "",
    ]);
  });
});
