import { describe, expect, it } from "vitest";
import { dataDirectory } from "../../support/data-directory.ts";
import { runProgram } from "../../support/program.ts";

const main = new URL("../../../src/cli/main.ts", import.meta.url).pathname;

describe.skipIf(process.platform === "win32")("the command that mdps push prints to resume a run", () => {
  it.each([
    ["in the clone", ".", "npm run -s mdps -- "],
    ["elsewhere", "/", ""],
  ])("works as printed: %s", async (_, cwd, words) => {
    const directory = await dataDirectory();
    const flags = `--endpoint http://127.0.0.1:1 --token t --patience 1 --runs "$DIRECTORY/it's"`;
    const record = '{"parent":"operators/65001","clientId":"youtube","userKey":"a","planStatus":{}}';
    const env = {
      DIRECTORY: directory,
      // The first record is rejected without a call: a run that did nothing would leave nothing to resume.
      RECORD: `{}\n${record.replace("{}", await exampleStatus())}`,
    };
    const shell = (line: string) =>
      runProgram([], { command: ["bash", "-c", `cd ${cwd}; ${line}`], env: { ...env, NO_COLOR: "1" } });
    const stopped = await shell(`"${process.execPath}" "${main}" push - ${flags} <<< "$RECORD"`);
    expect(stopped.exitCode).toBe(5);
    const [, command = ""] = /^Resume with:\n {2}(.+)$/m.exec(stopped.stdout) ?? [];
    expect(command.startsWith(words)).toBe(true);
    const again = await shell(`${command} --token t --patience 1 <<< "$RECORD"`);
    expect(again).toMatchObject({
      exitCode: 5,
      stdout: expect.stringContaining(`Resume with:\n  ${command}\n`),
    });
    // On a terminal, nothing can be read from the pipe of the run before.
    const inTerminal = await runProgram(["-qec", `cd ${cwd}; ${command} --token t`, "/dev/null"], {
      command: ["script"],
      env,
    });
    expect(inTerminal.stdout).toContain(`on standard input, such as zcat FILE | ${command}\r\n`);
  });
});

async function exampleStatus(): Promise<string> {
  const { stdout } = await runProgram(["example"]);
  return JSON.stringify(JSON.parse(stdout));
}
