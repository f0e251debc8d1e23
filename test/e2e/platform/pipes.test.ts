import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dataDirectory } from "../../support/data-directory.ts";
import { runProgram } from "../../support/program.ts";
import { startTestServer } from "../../support/test-server.ts";

const main = new URL("../../../src/cli/main.ts", import.meta.url).pathname;

/** Runs a line of bash in which `mdps` is the program and `code` its exit code. Resolves with what both print. */
function bash(line: string, variables: Readonly<Record<string, string>> = {}) {
  return new Promise<{ stdout: string; stderr: string }>((resolve, reject) => {
    const script = `mdps() { "${process.execPath}" "${main}" "$@"; }; ${line}`;
    const env = { ...process.env, NO_COLOR: "1", ...variables };
    execFile("bash", ["-c", script], { env }, (error, stdout, stderr) =>
      error ? reject(error) : resolve({ stdout, stderr }),
    );
  });
}

async function invalidRecords(count: number): Promise<string> {
  const file = join(await dataDirectory(), "bad.ndjson");
  await writeFile(file, '{"msisdn":"1"}\n'.repeat(count));
  return file;
}

describe.skipIf(process.platform === "win32")("a reader that ends before the program", () => {
  it.each([
    ["an example", "example"],
    ["completion", "completion bash"],
    ["the settings", "config print"],
    ["a token", "token --operator 65001"],
    ["violations", 'validate "$FILE" --json'],
    ["violations of a push", 'push "$FILE" --dry-run --json'],
  ])("ends the program with exit code 141 and without a message: %s", async (_, args) => {
    const env = { FILE: await invalidRecords(2_000), MDPS_DATA: await dataDirectory() };
    // The reader has ended before the program starts.
    const line = `exec 3> >(exit); wait $!; mdps ${args} >&3; echo "exit code $?"`;
    expect(await bash(line, env)).toEqual({
      stdout: "exit code 141\n",
      stderr: args.startsWith("token")
        ? expect.stringMatching(/^mdps: this made a new installation.*\n$/)
        : "",
    });
  });

  it("ends the program while it prints", async () => {
    const env = { FILE: await invalidRecords(2_000) };
    const line = 'mdps validate "$FILE" --json | head -1; echo "exit code $PIPESTATUS"';
    const { stdout, stderr } = await bash(line, env);
    expect(stdout).toMatch(/^\{"line":1,.+\}\nexit code 141\n$/);
    expect(stderr).toBe("");
  });

  it("ends the program in silence if it reads the errors as well", async () => {
    const line = 'mdps unknown 2>&1 | true; echo "exit code $PIPESTATUS"';
    expect(await bash(line)).toEqual({ stdout: "exit code 1\n", stderr: "" });
  });

  it("does not stop a push, whose exit code says how it ended", async () => {
    await using server = await startTestServer();
    const data = await dataDirectory();
    await writeFile(join(data, "records"), "{}\n");
    const env = {
      MDPS_ENDPOINT: server.url,
      MDPS_TOKEN: server.token,
      MDPS_RUNS: join(data, "runs"),
      FILE: join(data, "records"),
    };
    const line = 'exec 3> >(exit); wait $!; mdps push "$FILE" >&3 2>&3; echo "exit code $?"';
    expect(await bash(line, env)).toEqual({ stdout: "exit code 2\n", stderr: "" });
    const [run = ""] = await readdir(join(data, "runs"));
    const summary = await readFile(join(data, "runs", run, "summary.json"), "utf8");
    expect(JSON.parse(summary)).toMatchObject({ end: "finished", rejected: 1 });
  });
});

describe("- as the name of a file", () => {
  it("is standard output for mdps export, and standard input for mdps import", async () => {
    const [data, other] = [await dataDirectory(), await dataDirectory()];
    const folder = join(data, "folder");
    await mkdir(folder);
    const line = `cd "$FOLDER"; mdps import - --data "$DATA" < /dev/null && mdps export - --data "$DATA" | mdps import - --data "$OTHER"`;
    const { stderr } = await bash(line, { DATA: data, OTHER: other, FOLDER: folder });
    expect(stderr.match(/^0 records/gm)).toHaveLength(3);
    expect(await readdir(folder)).toEqual([]);
  });

  it("is refused where it would be mixed with other output", async () => {
    const outcome = await runProgram(["dev", "--port", "0", "--export-on-exit", "-"]);
    expect(outcome).toMatchObject({
      stderr:
        "mdps: --export-on-exit must be a file, because standard output has the address of the emulator; mdps export - prints the records of a store\n",
      exitCode: 1,
    });
  });
});

it("mdps export fails for a directory without records, instead of making an empty store", async () => {
  const data = await dataDirectory();
  const outcome = await runProgram(["export", join(data, "backup.ndjson"), "--data", data]);
  expect(outcome).toMatchObject({
    stderr: `mdps: ${data} has no records: there is no plans.sqlite. Pass the data directory of the server with --data or MDPS_DATA, or the URL of its store with --store\n`,
    exitCode: 1,
  });
  expect(await readdir(data)).toEqual([]);
});
