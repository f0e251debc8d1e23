import { describe, expect, it } from "vitest";
import { dataDirectory } from "../support/data-directory.ts";
import { runProgram } from "../support/program.ts";

describe("the environment", () => {
  it("sets options that the command line omits", async () => {
    const env = {
      MDPS_DATA: await dataDirectory(),
      MDPS_OPERATOR: "65001",
      MDPS_EXPIRES: "60",
      MDPS_JSON: "1",
    };
    const { stdout, exitCode } = await runProgram(["token"], { env });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      token_type: "Bearer",
      expires_in: 60,
    });
  });

  it("is overridden by the command line", async () => {
    const env = { MDPS_DATA: "/none", MDPS_EXPIRES: "60", MDPS_JSON: "1" };
    const args = ["token", "--operator", "1", "--expires", "61", "--data", await dataDirectory()];
    const { stdout } = await runProgram(args, { env });
    expect(JSON.parse(stdout)).toMatchObject({ expires_in: 61 });
  });

  it("counts as not set where a variable is empty", async () => {
    const names = [
      "RATE",
      "PROTOCOL",
      "MAP",
      "CA",
      "RUNS",
      "DRY_RUN",
      "COERCE",
      "JSON",
      "OPERATOR",
      "CLIENT",
    ];
    const env = Object.fromEntries(names.map((name) => [`MDPS_${name}`, ""]));
    const record = (await runProgram(["example", "--record"])).stdout;
    const push = "push - --endpoint http://127.0.0.1:1 --patience 1 --token t";
    const args = [...push.split(" "), "--max-errors", "0"];
    const { stdout, stderr, exitCode } = await runProgram(args, { env, stdin: `{}\n${record}` });
    expect({ stderr, exitCode }).toEqual({ stderr: expect.not.stringContaining("MDPS_"), exitCode: 3 });
    expect(stdout).toMatch(/^stopped: too many records were rejected: 1 of 1 were rejected\n/);
    const { stdout: help } = await runProgram(["push", "--help"], { env });
    expect(help).toMatch(/env:\s+MDPS_RATE\)/);
  });

  it("is named in the error for an invalid value", async () => {
    const { stderr, exitCode } = await runProgram(["serve"], { env: { MDPS_PORT: "http" } });
    expect(stderr).toMatch(/MDPS_PORT.*It must be a port from 0 to 65535/);
    expect(exitCode).toBe(1);
  });

  it("is documented in the help of commands and subcommands", async () => {
    const expectDocumented = async ([command, variable]: readonly [string, string]) => {
      const { stdout } = await runProgram([...command.split(" "), "--help"]);
      expect(stdout).toMatch(new RegExp(`env:\\s+${variable}\\)`));
      expect(stdout).toContain("Example");
    };
    await Promise.all(
      (
        [
          ["serve", "MDPS_TLS_CERT"],
          ["config print", "MDPS_LOG_LEVEL"],
          ["export", "MDPS_SUM_ONLY"],
          ["service-account create", "MDPS_ENDPOINT"],
          ["service-account list", "MDPS_JSON"],
        ] as const
      ).map(expectDocumented),
    );
  });
});

describe("mdps service-account --json", () => {
  it("prints the result of every change of a service account", async () => {
    const data = await dataDirectory();
    const mdps = async (...args: string[]) => {
      const { stdout, exitCode } = await runProgram(["service-account", ...args, "--data", data]);
      expect(exitCode).toBe(0);
      return JSON.parse(stdout);
    };
    const { client_email: email, private_key_id: key } = await mdps("create", "--operator", "65001");
    expect(await mdps("link", email, "65002", "--json")).toEqual({ email, operators: [65001, 65002] });
    expect(await mdps("unlink", email, "65001", "--json")).toEqual({ email, operators: [65002] });
    expect(await mdps("remove-key", email, key, "--json")).toEqual({ email, removedKey: key });
    expect(await mdps("revoke", email, "--json")).toEqual({ email, revoked: true });
  });
});
