import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { runProgram } from "../support/program.ts";

const run = promisify(execFile);

describe("mdps completion bash", () => {
  let script: Promise<string> | undefined;

  /** Returns the suggestions of bash for the last of the words. */
  async function offered(...words: string[]): Promise<string[]> {
    script ??= runProgram(["completion", "bash"]).then(({ stdout }) => stdout);
    const typed = ["mdps", ...words].map((word) => `'${word}'`).join(" ");
    const ask = `COMP_WORDS=(${typed}); COMP_CWORD=${words.length}; _mdps; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await run("bash", ["--norc", "-uc", `${await script}\n${ask}`]);
    return stdout.split("\n").filter((line) => line !== "");
  }

  it("completes commands", async () => {
    expect(await offered("")).toEqual(expect.arrayContaining(["serve", "token", "get", "--help"]));
    expect(await offered("se")).toEqual(["serve", "service-account"]);
  });

  it("completes options and subcommands of the command on the line", async () => {
    expect(await offered("get", "--re")).toEqual(["--reveal"]);
    expect(await offered("get", "some-user", "--js")).toEqual(["--json"]);
    expect(await offered("service-account", "cr")).toEqual(["create"]);
    expect(await offered("service-account", "create", "--op")).toEqual(["--operator"]);
    expect(await offered("config", "")).toEqual(["check", "print", "--help"]);
    expect(await offered("config", "print", "--log")).toEqual(["--log-level"]);
  });

  it("completes the values of options and arguments, and leaves file names to bash", async () => {
    expect(await offered("get", "--protocol", "")).toEqual(["connect", "grpc", "grpc-web", "rest"]);
    expect(await offered("serve", "--config", "")).toEqual([]);
    expect(await offered("serve", "--log-level", "e")).toEqual(["error"]);
    expect(await offered("completion", "z")).toEqual(["zsh"]);
  });
});

describe("mdps completion", () => {
  it("prints the bash script for zsh, and a script for fish", async () => {
    const [bash, zsh, fish] = await Promise.all(
      ["bash", "zsh", "fish"].map((shell) => runProgram(["completion", shell])),
    );
    expect(zsh?.stdout).toBe(`autoload -U +X bashcompinit && bashcompinit\n${bash?.stdout}`);
    expect(fish?.stdout).toContain(
      "complete -c mdps -n '__fish_seen_subcommand_from get' -l protocol -d 'protocol of the request' -x -a 'connect grpc grpc-web rest'\n",
    );
  });

  it("rejects a shell that is not supported", async () => {
    expect(await runProgram(["completion", "csh"])).toMatchObject({ exitCode: 1, stdout: "" });
  });
});
