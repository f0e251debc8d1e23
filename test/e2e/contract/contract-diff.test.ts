import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type FileDescriptorSet, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { afterAll, describe, expect, it } from "vitest";
import { runProgram } from "../../support/program.ts";

const root = join(import.meta.dirname, "../../..");
const baseline = join(root, "scripts/checks/baseline/contract.binpb");
const work = mkdtempSync(join(tmpdir(), "mdps-contract-diff-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Writes a contract like the one of the last release with a change, and returns its path. */
function changed(name: string, change: (set: FileDescriptorSet) => void): string {
  const set = fromBinary(FileDescriptorSetSchema, readFileSync(baseline));
  change(set);
  const path = join(work, name);
  writeFileSync(path, toBinary(FileDescriptorSetSchema, set));
  return path;
}

const planGroup = (set: FileDescriptorSet) =>
  set.file.flatMap(({ messageType }) => messageType).find(({ name }) => name === "PlanGroup");

const removed = changed("removed.binpb", (set) => planGroup(set)?.field.splice(0, 1));
const reordered = changed("reordered.binpb", (set) => set.file.reverse());

describe("mdps contract diff", () => {
  it("mdps contract diff exits with 0 for a compatible contract", async () => {
    const { stdout, stderr, exitCode } = await runProgram(["contract", "diff", baseline, reordered]);
    expect({ stdout, stderr, exitCode }).toEqual({
      stdout: "0 breaking changes, 0 compatible changes\n",
      stderr: "",
      exitCode: 0,
    });
  });

  it("mdps contract diff prints a table of what breaks whom, and exits with 1", async () => {
    const { stdout, exitCode } = await runProgram(["contract", "diff", baseline, removed]);
    expect(stdout).toMatch(/^KIND +WHERE +BEFORE +AFTER +BREAKS$/m);
    expect(stdout).toMatch(
      /^field-removed +mobiledataplansharing\.v1\.PlanGroup\.\w+ +.* – +binary, json, rest, code$/m,
    );
    expect(stdout).toMatch(/^1 breaking change, 0 compatible changes$/m);
    expect(exitCode).toBe(1);
  });

  it("mdps contract diff escapes invisible characters in its table, in JSON and in messages", async () => {
    const text = "\u202e\u009b\u200b\u{e0041}\u00a0\u2028.";
    const hidden = changed("hidden.binpb", (set) => {
      for (const { options } of set.file.filter(({ package: name }) => name.startsWith("mobile"))) {
        if (options !== undefined) {
          options.goPackage = text;
        }
      }
    });
    const table = await runProgram(["contract", "diff", baseline, hidden]);
    expect(table.stdout).toContain("= \\u202e\\u009b\\u200b\\udb40\\udc41\\u00a0\\u2028.");
    const json = await runProgram(["contract", "diff", baseline, hidden, "--json"]);
    expect(json.stdout).toContain("= \\u202e\\u009b\\u200b\\udb40\\udc41\\u00a0\\u2028.");
    expect(JSON.parse(json.stdout).breaking[0].after).toBe(`go_package = ${text}`);
    const named = changed("named.binpb", (set) => set.file[0]?.dependency.push("\u001b[2J\u202e.proto"));
    const message = await runProgram(["contract", "diff", baseline, named]);
    expect(message.stderr).toContain("imports \\u001b[2J\\u202e.proto, which");
  });

  it("mdps contract diff lists compatible changes with --all", async () => {
    const { stdout, exitCode } = await runProgram(["contract", "diff", removed, baseline, "--all"]);
    expect(stdout).toMatch(/^field-added +mobiledataplansharing\.v1\.PlanGroup\.\w+ +– .* nobody$/m);
    expect(exitCode).toBe(0);
  });

  it("mdps contract diff prints JSON with --json", async () => {
    const { stdout, exitCode } = await runProgram(["contract", "diff", baseline, removed, "--json"]);
    expect(JSON.parse(stdout)).toEqual({
      isCompatible: false,
      breaking: [
        {
          kind: "field-removed",
          where: expect.stringMatching(/^mobiledataplansharing\.v1\.PlanGroup\.\w+$/),
          before: expect.any(String),
          after: null,
          breaks: ["binary", "json", "rest", "code"],
        },
      ],
      compatible: [],
    });
    expect(exitCode).toBe(1);
  });

  it("mdps contract diff reads a contract from standard input", async () => {
    const stdin = readFileSync(removed);
    const { stdout, exitCode } = await runProgram(["contract", "diff", baseline, "-"], { stdin });
    expect(stdout).toMatch(/^1 breaking change/m);
    expect(exitCode).toBe(1);
  });

  it.each<[string, readonly string[], RegExp]>([
    ["a missing file", [baseline, "missing.binpb"], /^mdps: missing\.binpb: cannot be read: ENOENT/],
    ["an empty file", [baseline, "/dev/null"], /^mdps: \/dev\/null: is empty/],
    ["a file without end", [baseline, "/dev/zero"], /^mdps: \/dev\/zero: has more than 64 MiB/],
    ["a text file", [join(root, "README.md"), baseline], /README\.md: is not a contract/],
    ["a folder without a contract", [baseline, join(root, "src/cli")], /src\/cli: has no \.proto files/],
    [
      "OpenAPI and Protobuf",
      [join(root, "gen/openapi.json"), baseline],
      /^mdps: OLD is an OpenAPI document and NEW is Protobuf/,
    ],
    ["a missing argument", [baseline], /missing required argument 'new'/],
    ["an unknown option", [baseline, baseline, "--jsn"], /unknown option '--jsn'/],
  ])("mdps contract diff exits with 2 and a message for %s", async (_, args, message) => {
    const { stdout, stderr, exitCode } = await runProgram(["contract", "diff", ...args]);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/ {4}at /);
  });

  it("mdps contract diff --help names the exit codes and exits with 0", async () => {
    const { stdout, exitCode } = await runProgram(["contract", "diff", "--help"]);
    expect(stdout).toMatch(/Exit codes:\n {2}0 .*\n {2}1 .*\n {2}2 /);
    expect(exitCode).toBe(0);
  });

  it("mdps completion bash completes the options of contract diff", () => {
    const script = spawnSync(process.execPath, [join(root, "src/cli/main.ts"), "completion", "bash"], {
      encoding: "utf8",
    });
    const line = `COMP_WORDS=(mdps contract diff --); COMP_CWORD=3; _mdps; echo "\${COMPREPLY[*]}"`;
    const { stdout } = spawnSync("bash", ["-c", `${script.stdout}\n${line}`], { encoding: "utf8" });
    expect(stdout.trim().split(" ")).toEqual(expect.arrayContaining(["--json", "--all", "--help"]));
  });
});
