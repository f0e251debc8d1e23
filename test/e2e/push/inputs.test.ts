import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { dataDirectory } from "../../support/data-directory.ts";
import { accept, startStubEndpoint } from "../../support/http/stub-endpoint.ts";
import { type Outcome, runProgram, startProgram } from "../../support/program.ts";
import { lineOf, manyLines, writeLines } from "../../support/push-inputs.ts";
import { argsOf, env, onlyRun, summaryOf } from "../../support/push-runs.ts";

const main = join(import.meta.dirname, "../../../src/cli/main.ts");
const filled = { MDPS_OPERATOR: "65001", MDPS_CLIENT: "youtube" };

/** Runs a line of bash, in which `mdps` is the program and `$IN` a file. */
function bash(line: string, file: string): Promise<Outcome> {
  const script = `mdps() { "$NODE" "$MAIN" "$@"; }; ${line}`;
  return runProgram(["-c", script], {
    command: ["bash"],
    env: { ...filled, NODE: process.execPath, MAIN: main, IN: file },
  });
}

describe.skipIf(process.platform === "win32")("the input of mdps validate", () => {
  it.each([
    ["a process substitution", 'mdps validate <(cat "$IN")'],
    ["/dev/stdin that is a pipe", 'cat "$IN" | mdps validate /dev/stdin'],
    ["/dev/stdin that is a file", 'mdps validate /dev/stdin < "$IN"'],
    ["/dev/fd/3", 'mdps validate /dev/fd/3 3< <(cat "$IN")'],
    ["standard input", 'cat "$IN" | mdps validate -'],
    ["gzip by a process substitution", 'mdps validate <(gzip -c "$IN")'],
    ["a named pipe", 'mkfifo "$IN.fifo"; cat "$IN" > "$IN.fifo" & mdps validate "$IN.fifo"'],
  ])("may be %s", async (_, line) => {
    const file = await writeLines(await dataDirectory(), manyLines(2_000));
    expect(await bash(line, file)).toMatchObject({
      exitCode: 0,
      stderr: "",
      stdout: expect.stringMatching(/^2000 records: 2000 valid/),
    });
  });

  it("may be a socket, as other programs of Node give it", async () => {
    const outcome = await runProgram(["validate", "/dev/stdin"], { env: filled, stdin: `${lineOf("1")}\n` });
    expect(outcome).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^1 records: 1 valid/) });
  });

  it.each([
    ["Zstandard", (text: string) => zstdCompressSync(text)],
    ["UTF-16", (text: string) => Buffer.from(`\ufeff${text}`, "utf16le")],
  ])("may be %s", async (_, encode) => {
    const file = join(await dataDirectory(), "input");
    await writeFile(file, encode(`${lineOf("1")}\n${lineOf("2")}\n`));
    const outcome = await runProgram(["validate", file], { env: filled });
    expect(outcome).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^2 records: 2 valid/) });
  });

  it("may not be a directory", async () => {
    const directory = await dataDirectory();
    expect(await runProgram(["validate", directory], { env: filled })).toMatchObject({
      exitCode: 1,
      stderr: `mdps: ${directory} is a directory: pass a file\n`,
    });
  });

  it("is recognized once, when it is CSV without a mapping", async () => {
    const file = join(await dataDirectory(), "export.csv");
    await writeFile(file, `msisdn,tariff\n${"49170,a\n".repeat(99_996)}`);
    const outcome = await runProgram(["validate", file], { env: filled });
    expect(outcome).toMatchObject({ exitCode: 1, stdout: "" });
    expect(outcome.stderr).toMatch(/^mdps: \S+ looks like CSV \(columns msisdn, tariff\): say .*--map.*\n$/);
  });
});

describe.skipIf(process.platform === "win32")("the input of mdps push", () => {
  it("leaves no run directory when its format is not that of records", async () => {
    const directory = await dataDirectory();
    const args = argsOf(directory, "http://127.0.0.1:1");
    const file = join(directory, "export.csv");
    await writeFile(file, "msisdn,tariff\n49170,a\n");
    for (const [name, stdin] of [
      [file, ""],
      ["-", "msisdn,tariff\n49170,a\n"],
    ] as const) {
      const outcome = await runProgram(["push", name, ...args], { env, stdin });
      expect(outcome).toMatchObject({ exitCode: 1, stdout: "" });
      expect(outcome.stderr).toMatch(/looks like CSV .* --map/);
      expect(existsSync(join(directory, "runs"))).toBe(false);
    }
  });

  it("may be a named pipe, whose run is resumed with the same input on standard input", async () => {
    const directory = await dataDirectory();
    const endpoint = await startStubEndpoint((request, response) => {
      setTimeout(() => accept(request, response), 2);
    });
    const lines = manyLines(3_000);
    const file = await writeLines(directory, lines);
    const fifo = join(directory, "pipe");
    execFileSync("mkfifo", [fifo]);
    const first = startProgram(["push", fifo, ...argsOf(directory, endpoint.url)], { env });
    const writer = startProgram(["-c", 'exec cat "$0" > "$1"', file, fifo], { command: ["bash"] });
    await endpoint.reached(500);
    first.process.kill("SIGINT");
    expect(await first.ended).toMatchObject({ exitCode: 130, stderr: "" });
    writer.process.kill();
    const outcome = await runProgram(["push", "--resume", await onlyRun(directory), "--json"], {
      env,
      stdin: await readFile(file, "utf8"),
    });
    expect(summaryOf(outcome)).toMatchObject({ end: "finished", pushed: 3_000, rejected: 0 });
    expect(endpoint.received.length).toBe(3_000);
  });

  it("may be CSV, whose run keeps its mapping and is resumed, and whose rejected records need none", async () => {
    const directory = await dataDirectory();
    const endpoint = await startStubEndpoint((request, response) => {
      setTimeout(() => accept(request, response), 2);
    });
    const file = join(directory, "export.csv");
    const rows = Array.from({ length: 3_000 }, (_, index) => `user-${index},"Plan ""${index}""",de`);
    rows[1_499] = "user-1499,x,";
    await writeFile(file, `msisdn;"tariff";lang\n${rows.join("\n").replaceAll(",", ";")}\n`);
    const map =
      "userKey=msisdn,title=tariff,languageCode=lang,plans[0].planId=tariff,updateTime=@now-1m,expireTime=@now+1h";
    const args = ["push", file, "--map", map, ...argsOf(directory, endpoint.url)];
    const first = startProgram(args, { env });
    await endpoint.reached(500);
    first.process.kill("SIGINT");
    expect(await first.ended).toMatchObject({ exitCode: 130, stderr: "" });
    const run = await onlyRun(directory);
    const outcome = await runProgram(["push", "--resume", run, "--json"], { env });
    expect(summaryOf(outcome)).toMatchObject({ end: "finished", pushed: 2_999, rejected: 1, blank: 0 });
    expect(endpoint.received.length).toBe(2_999);
    expect(new Set(endpoint.received.map(({ body }) => JSON.parse(body).title)).size).toBe(2_999);
    const reasons = JSON.parse(await readFile(join(run, "rejected-reasons.ndjson"), "utf8"));
    expect(reasons).toMatchObject({
      line: 1_501,
      violations: [{ field: "planStatus.languageCode", description: 'value is required (column "lang")' }],
    });
    const rejected = await readFile(join(run, "rejected.ndjson"), "utf8");
    await writeFile(
      join(directory, "repaired.ndjson"),
      rejected.replace('"title"', '"languageCode":"de","title"'),
    );
    const again = await runProgram(
      ["push", join(directory, "repaired.ndjson"), ...argsOf(directory, endpoint.url)],
      { env },
    );
    expect(summaryOf(again)).toMatchObject({ end: "finished", pushed: 1, rejected: 0 });
  });
});
