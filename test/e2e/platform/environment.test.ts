import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exampleStatus } from "../../../src/examples/index.ts";
import { dataDirectory } from "../../support/data-directory.ts";
import { type ProgramOptions, runProgram, startProgram } from "../../support/program.ts";

/** A user ID that the system does not know, as in OpenShift and in containers with `--user`. */
const uid = 1_000_650_000;
const reason = process.getuid?.() === 0 ? "" : " (skipped: running programs as another user requires root)";
const main = new URL("../../../src/cli/main.ts", import.meta.url).pathname;

let folder: string;
let records: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mdps-environment-"));
  chmodSync(folder, 0o755);
  records = join(folder, "records.ndjson");
  writeFileSync(records, `${JSON.stringify({ userKey: "one", planStatus: exampleStatus(new Date()) })}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Returns an empty directory of the unknown user. */
async function directoryOfUser(): Promise<string> {
  const directory = await dataDirectory();
  chownSync(directory, uid, uid);
  return directory;
}

/** Returns options that run the program as the unknown user in a directory, without a home directory. */
function withoutHome(env: Record<string, string> = {}): ProgramOptions {
  const names = ["HOME", "XDG_DATA_HOME"].flatMap((name) => ["-u", name]);
  const assigned = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return { uid, command: ["env", "-C", "/", ...names, ...assigned, process.execPath, main] };
}

const noDirectory =
  "mdps: no data directory: pass --data DIRECTORY or set MDPS_DATA. The default needs an absolute path in XDG_DATA_HOME or HOME.\n";
const push = ["--endpoint", "http://127.0.0.1:1", "--token", "x", "--operator", "1", "--client", "any"];

describe.skipIf(reason || process.platform !== "linux")(
  `a user without a home directory that the system does not know${reason}`,
  () => {
    it.each([
      ["--version"],
      ["--help"],
      ["serve", "--help"],
      ["push", "--help"],
      ["completion", "bash"],
      ["service-account", "--help"],
    ])("can run mdps %s", async (...args) => {
      expect(await runProgram(args, withoutHome())).toMatchObject({ exitCode: 0, stderr: "" });
    });

    it("can run mdps validate", async () => {
      const args = ["validate", records, "--operator", "65001", "--client", "any"];
      expect(await runProgram(args, withoutHome())).toMatchObject({ exitCode: 0, stderr: "" });
    });

    it.each([
      ["serve", "--port", "0"],
      ["config", "check"],
      ["config", "print"],
      ["token", "--operator", "65001"],
      ["get", "one", "--operator", "65001"],
      ["service-account", "list"],
      ["service-account", "create", "--operator", "65001"],
      ["check"],
      ["export"],
      ["import", "RECORDS"],
    ])("is told to set --data, MDPS_DATA, HOME or XDG_DATA_HOME by mdps %s", async (...args) => {
      const named = args.map((arg) => (arg === "RECORDS" ? records : arg));
      expect(await runProgram(named, withoutHome())).toMatchObject({
        exitCode: 1,
        stdout: "",
        stderr: noDirectory,
      });
    });

    it("is told to set --runs, MDPS_RUNS, HOME or XDG_DATA_HOME by mdps push", async () => {
      const { exitCode, stderr } = await runProgram(["push", records, ...push], withoutHome());
      expect(exitCode).toBe(1);
      expect(stderr).toBe(
        "mdps: no directory for the run: pass --runs DIRECTORY or set MDPS_RUNS. The default needs an absolute path in XDG_DATA_HOME or HOME.\n",
      );
    });

    it.each([{ HOME: "" }, { HOME: "home" }, { HOME: "", XDG_DATA_HOME: "share" }])(
      "is told so with %o, which would make the data depend on the working directory",
      async (env) => {
        const { stderr } = await runProgram(["token", "--operator", "65001"], withoutHome(env));
        expect(stderr).toBe(noDirectory);
      },
    );

    it.each([
      ["/nonexistent", ["token", "--operator", "65001"]],
      ["/nonexistent", ["service-account", "create", "--operator", "65001"]],
      ["/nonexistent", ["serve", "--port", "0"]],
      ["/nonexistent", ["config", "check"]],
      ["/nonexistent", ["check"]],
      ["/", ["serve", "--port", "0"]],
      ["/dev/null", ["service-account", "create", "--operator", "65001"]],
      ["/dev/null", ["export"]],
    ])("is told where the default comes from if HOME is %s: mdps %s", async (home, args) => {
      const { exitCode, stderr } = await runProgram(args, withoutHome({ HOME: home }));
      expect(exitCode).toBe(1);
      const directory = join(home, ".local/share/mdps");
      expect(stderr.split("\n")).toEqual([
        expect.stringContaining(directory),
        `${directory} is the default data directory, from XDG_DATA_HOME or HOME: if that is not what you want, pass --data DIRECTORY or set MDPS_DATA`,
        "",
      ]);
      expect(stderr).not.toMatch(/^ +at /m);
    });

    it("can serve, create tokens and accounts, push, read, export, import and check with MDPS_DATA", async () => {
      const data = await directoryOfUser();
      const options = withoutHome({ MDPS_DATA: data, TMPDIR: "/nonexistent" });
      const mdps = async (...args: string[]) => {
        const outcome = await runProgram(args, options);
        expect(outcome, outcome.stderr).toMatchObject({ exitCode: 0 });
        return outcome.stdout;
      };
      const serve = startProgram(["serve", "--port", "0", "--log-level", "error"], options);
      const url = /http:[^\s,]+/.exec(await serve.printed(/listens on/))?.[0] ?? "";
      const token = (await mdps("token", "--operator", "65001")).trim();
      await mdps("service-account", "create", "--operator", "65001");
      const where = ["--operator", "65001", "--client", "mobiledataplan"];
      await mdps(
        "push",
        records,
        ...where,
        "--endpoint",
        url,
        "--token",
        token,
        "--runs",
        join(data, "runs"),
      );
      expect(await mdps("get", "one", "--operator", "65001", "--endpoint", url)).toContain("ACME Plan 199");
      serve.process.kill("SIGTERM");
      expect(await serve.ended).toMatchObject({ exitCode: 0, stderr: "" });
      await mdps("export", join(data, "plans.ndjson"));
      await mdps("import", join(data, "plans.ndjson"), "--store", `sqlite:${join(data, "other")}`);
      await mdps("check");
      expect(readFileSync(join(data, "plans.ndjson"), "utf8")).toContain("ACME Plan 199");
    });
  },
);

it.skipIf(process.platform !== "linux")(
  "mdps says so if its working directory was removed (skipped: only Linux can remove it)",
  async () => {
    const directory = mkdtempSync(join(tmpdir(), "mdps-removed-"));
    const { stderr, exitCode } = await runProgram(["serve", "--port", "0"], {
      command: ["sh", "-c", 'cd "$0" && rmdir "$0" && exec "$@"', directory, process.execPath, main],
    });
    expect(stderr).toMatch(
      /^mdps: the working directory cannot be used: change to another one, such as cd \/ .*\n$/,
    );
    expect(exitCode).toBe(1);
  },
);
