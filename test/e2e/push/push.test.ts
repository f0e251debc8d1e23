import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Checkpoint } from "../../../src/push/run/journal.ts";
import { dataDirectory } from "../../support/data-directory.ts";
import { accept, fail, type StubEndpoint, startStubEndpoint } from "../../support/http/stub-endpoint.ts";
import { printToken, runOnTerminal, runProgram, startProgram, startServe } from "../../support/program.ts";
import { lineOf, manyLines, statusJson, writeLines } from "../../support/push-inputs.ts";
import { argsOf, checkpointIn, env, isDone, onlyRun, summaryOf } from "../../support/push-runs.ts";
import { canMount, mountSmallDisk } from "../../support/small-disk.ts";

describe("mdps push", () => {
  it("stops at Ctrl-C and prints the command that resumes the run, which pushes each remaining record once", async () => {
    const directory = await dataDirectory();
    const endpoint = await startStubEndpoint((request, response) => {
      setTimeout(() => accept(request, response), 2);
    });
    const file = await writeLines(directory, manyLines(4_000));
    const args = argsOf(directory, endpoint.url).filter((arg) => arg !== "--json");
    const program = startProgram(["push", file, ...args], { env });
    await endpoint.reached(500);
    program.process.kill("SIGINT");
    const outcome = await program.ended;
    expect(outcome).toMatchObject({ exitCode: 130, stderr: "" });
    expect(outcome.stdout).toMatch(/^interrupted: by SIGINT\n/);
    const command = /\n {2}npm run -s mdps -- (push --resume \S+)\n$/.exec(outcome.stdout)?.[1] ?? "";
    expect(command).toBe(`push --resume ${await onlyRun(directory)}`);
    const second = await runProgram([...command.split(" "), "--json"], { env });
    expect(summaryOf(second)).toMatchObject({ end: "finished", pushed: 4_000 });
    expect(endpoint.received.length).toBe(4_000);
    expect(JSON.stringify(await readFile(join(await onlyRun(directory), "run.json"), "utf8"))).not.toContain(
      "secret",
    );
  });

  it("stops at SIGTERM with exit code 143", async () => {
    const directory = await dataDirectory();
    const endpoint = await startStubEndpoint((request, response) => {
      setTimeout(() => accept(request, response), 2);
    });
    const file = await writeLines(directory, manyLines(4_000));
    const program = startProgram(["push", file, ...argsOf(directory, endpoint.url)], { env });
    await endpoint.reached(100);
    program.process.kill("SIGTERM");
    const outcome = await program.ended;
    expect(outcome.exitCode).toBe(143);
    expect(summaryOf(outcome)).toMatchObject({ end: "interrupted", pushed: endpoint.received.length });
  });

  it("exits with 5 and rejects no record when no request succeeds for the time given by --patience", async () => {
    const directory = await dataDirectory();
    const endpoint = await startStubEndpoint((_, response) => fail(response, 503, "UNAVAILABLE"));
    const file = await writeLines(directory, manyLines(20));
    const outcome = await runProgram(["push", file, ...argsOf(directory, endpoint.url), "--patience", "1"], {
      env,
    });
    expect(outcome.exitCode).toBe(5);
    expect(summaryOf(outcome)).toMatchObject({ end: "unreachable", pushed: 0, rejected: 0 });
  });

  // The terminal is made by util-linux.
  it.skipIf(process.platform !== "linux")(
    "shows progress on a terminal in one line, and clears it at the end",
    async () => {
      const directory = await dataDirectory();
      const endpoint = await startStubEndpoint((request, response) => {
        setTimeout(() => accept(request, response), 20);
      });
      const file = await writeLines(directory, manyLines(400));
      const args = ["push", file, ...argsOf(directory, endpoint.url), "--concurrency", "8"];
      const shown = await runOnTerminal(args, env);
      const lines = shown.split("\r\x1b[K");
      expect(lines.length).toBeGreaterThan(2);
      expect(lines[1]).toMatch(/^\d+ done, \d+\/s, 0 rejected, \d+ %/);
      expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ end: "finished", pushed: 400 });
    },
  );

  it("pushes every record when the server stops and starts again", async () => {
    const directory = await dataDirectory();
    const stored = new Map<string, string>();
    const answer: Parameters<typeof startStubEndpoint>[0] = (request, response) => {
      stored.set(request.userKey, request.body);
      accept(request, response);
    };
    const first = await startStubEndpoint(answer);
    const file = await writeLines(directory, manyLines(2_000));
    const program = startProgram(["push", file, ...argsOf(directory, first.url)], { env });
    await first.reached(600);
    await first.close();
    await startStubEndpoint(answer, first.port);
    const outcome = await program.ended;
    expect(summaryOf(outcome)).toMatchObject({ end: "finished", pushed: 2_000, rejected: 0 });
    expect(outcome.exitCode).toBe(0);
    expect(stored.size).toBe(2_000);
  });

  it("retries after 429, 502, 503 and resets, and keeps the order of each user", async () => {
    const directory = await dataDirectory();
    const stored = new Map<string, string>();
    const endpoint: StubEndpoint = await startStubEndpoint((request, response) => {
      switch (endpoint.received.length % 9) {
        case 1:
          return fail(response, 429, "RESOURCE_EXHAUSTED");
        case 3:
          return response.writeHead(502, { "content-type": "text/html" }).end("<h1>Bad Gateway</h1>");
        case 5:
          return response.socket?.destroy();
        case 7:
          return fail(response.setHeader("retry-after", "0"), 503, "UNAVAILABLE");
        default:
          stored.set(request.userKey, JSON.parse(request.body).title);
          return accept(request, response);
      }
    });
    const lines = Array.from({ length: 60 }, (_, index) => lineOf(`user-${index % 20}`, `title-${index}`));
    const file = await writeLines(directory, lines);
    const outcome = await runProgram(["push", file, ...argsOf(directory, endpoint.url)], { env });
    expect(summaryOf(outcome)).toMatchObject({ end: "finished", pushed: 60, rejected: 0 });
    expect(summaryOf(outcome).repeated).toBeGreaterThan(0);
    expect(endpoint.mostConcurrent()).toBe(1);
    expect([...stored].map(([user, title]) => [user, title]).sort()).toEqual(
      Array.from({ length: 20 }, (_, index) => [`user-${index}`, `title-${index + 40}`]).sort(),
    );
  });

  it("exits with 4 when its token is rejected, and resumes with another token", async () => {
    const directory = await dataDirectory();
    let valid = env.MDPS_TOKEN;
    const endpoint = await startStubEndpoint((request, response) =>
      request.token === valid ? accept(request, response) : fail(response, 401, "UNAUTHENTICATED"),
    );
    const file = await writeLines(directory, manyLines(3_000));
    const program = startProgram(["push", file, ...argsOf(directory, endpoint.url)], { env });
    await endpoint.reached(500);
    valid = "another-token";
    const outcome = await program.ended;
    expect(outcome.exitCode).toBe(4);
    expect(summaryOf(outcome)).toMatchObject({
      end: "unauthenticated",
      rejected: 0,
      message: "answered UNAUTHENTICATED",
    });
    expect(outcome.stdout + outcome.stderr).not.toContain(env.MDPS_TOKEN);
    const again = ["push", "--resume", await onlyRun(directory), "--json"];
    const second = await runProgram(again, { env: { MDPS_TOKEN: valid } });
    expect(summaryOf(second)).toMatchObject({ end: "finished", pushed: 3_000 });
  });

  it("fetches a new token with the key file when a token is rejected during the run", async () => {
    const directory = await dataDirectory();
    const server = await startServe(join(directory, "data"));
    const account = [
      "service-account",
      "create",
      "--operator",
      "65001",
      "--data",
      join(directory, "data"),
      "--endpoint",
      server.url,
    ];
    const { stdout } = await runProgram(account);
    const keyFile = join(directory, "key.json");
    await writeFile(keyFile, stdout, { mode: 0o600 });
    const tokens = new Set<string>();
    const endpoint = await startStubEndpoint((request, response) => {
      tokens.add(request.token);
      const isOld = endpoint.received.length > 500 && tokens.size === 1;
      return isOld ? fail(response, 401, "UNAUTHENTICATED") : accept(request, response);
    });
    const file = await writeLines(directory, manyLines(1_000));
    const args = ["push", file, ...argsOf(directory, endpoint.url), "--credentials", keyFile];
    const outcome = await runProgram(args);
    expect(summaryOf(outcome)).toMatchObject({ end: "finished", pushed: 1_000, rejected: 0 });
    expect(tokens.size).toBe(2);
  });

  it("stops at --max-errors, writes rejected records with their reasons, and pushes them again with --retry-failed", async () => {
    const directory = await dataDirectory();
    let isFixed = false;
    const endpoint = await startStubEndpoint((request, response) =>
      isFixed || !request.userKey.endsWith("0") ? accept(request, response) : fail(response, 500, "INTERNAL"),
    );
    const file = await writeLines(directory, [...manyLines(300), "{", "", "\ufeff\u0000"]);
    const args = [...argsOf(directory, endpoint.url), "--concurrency", "4"];
    const stopped = await runProgram(["push", file, ...args, "--max-errors", "5"], { env });
    expect(stopped.exitCode).toBe(3);
    const first = summaryOf(stopped);
    const firstRun = await onlyRun(directory);
    expect(first).toMatchObject({
      run: firstRun,
      end: "too-many-errors",
      message: expect.stringMatching(/^\d+ of \d+ were rejected$/),
    });
    expect(first.done).toBeLessThan(200);
    const finished = await runProgram(["push", "--resume", firstRun, "--json"], { env });
    expect(finished.exitCode).toBe(2);
    expect(summaryOf(finished)).toMatchObject({
      pushed: 270,
      rejected: 32,
      blank: 1,
      reasons: { INTERNAL: 30, RECORD_UNREADABLE: 2 },
    });
    const reasons = (await readFile(join(firstRun, "rejected-reasons.ndjson"), "utf8")).trim().split("\n");
    expect(reasons.map((line) => JSON.parse(line))).toContainEqual({
      line: 300,
      userKey: "***300",
      code: "INTERNAL",
      reason: "INTERNAL",
      message: "answered INTERNAL",
      violations: [],
      metadata: {},
    });
    isFixed = true;
    const retried = await runProgram(["push", "--retry-failed", firstRun, ...args.slice(6)], { env });
    expect(summaryOf(retried)).toMatchObject({ end: "finished", pushed: 30, rejected: 2 });
    expect(summaryOf(retried).run).not.toBe(firstRun);
  });

  it("pushes standard input, and resumes when the same input is given again", async () => {
    const directory = await dataDirectory();
    const token = { valid: "none" };
    const endpoint = await startStubEndpoint((request, response) =>
      request.token === token.valid || endpoint.received.length < 200
        ? accept(request, response)
        : fail(response, 401, "UNAUTHENTICATED"),
    );
    const stdin = gzipSync(`${manyLines(1_000).join("\r\n")}`);
    const first = await runProgram(["push", "-", ...argsOf(directory, endpoint.url)], { env, stdin });
    expect(first.exitCode).toBe(4);
    const again = ["push", "--resume", await onlyRun(directory), "--json"];
    token.valid = env.MDPS_TOKEN;
    const other = await runProgram(again, { env, stdin: manyLines(1_000).reverse().join("\n") });
    expect(other.stderr).toMatch(/the input has changed: its first \d+ records are not those/);
    const second = await runProgram(again, { env, stdin });
    expect(summaryOf(second)).toMatchObject({ end: "finished", pushed: 1_000, rejected: 0 });
  });

  it("exits with 0 when a newer status is already stored, and sends nothing with --dry-run", async () => {
    const directory = await dataDirectory();
    const server = await startServe(join(directory, "data"));
    const token = { env: { MDPS_TOKEN: await printToken(join(directory, "data")) } };
    const older = JSON.stringify({ userKey: "user-1", planStatus: statusJson("older", 3_600_000) });
    const file = await writeLines(directory, [lineOf("user-1"), older]);
    const args = argsOf(directory, server.url);
    const dry = await runProgram(["push", file, ...args, "--dry-run"], {});
    expect(JSON.parse(dry.stdout)).toMatchObject({ records: 2, valid: 2 });
    expect(await readdir(directory)).not.toContain("runs");
    const outcome = await runProgram(["push", file, ...args, "--protocol", "grpc"], token);
    expect(summaryOf(outcome)).toMatchObject({ pushed: 1, superseded: 1, rejected: 0 });
    expect(outcome.exitCode).toBe(0);
    const superseded = await readFile(join(await onlyRun(directory), "superseded.ndjson"), "utf8");
    expect(JSON.parse(superseded)).toMatchObject({ line: 2, userKey: "***1", reason: "PLAN_STATUS_STALE" });
  });

  it.skipIf(!canMount())(
    "exits with 6 when the disk of the run is full, and resumes when there is room",
    async () => {
      const directory = await dataDirectory();
      const disk = mountSmallDisk(1);
      try {
        const endpoint = await startStubEndpoint((request, response) => {
          if (endpoint.received.length === 2_500) {
            disk.fill();
          }
          const answer = () =>
            request.userKey.endsWith("0") ? fail(response, 500, "INTERNAL") : accept(request, response);
          setTimeout(answer, 10);
        });
        const file = await writeLines(directory, manyLines(5_000));
        const outcome = await runProgram(["push", file, ...argsOf(disk.directory, endpoint.url)], { env });
        expect(outcome.exitCode).toBe(6);
        expect(summaryOf(outcome)).toMatchObject({ end: "disk", message: expect.stringMatching(/ENOSPC/) });
        disk.clear();
        const run = await onlyRun(disk.directory);
        const checkpoint = (await checkpointIn(run)) as Checkpoint;
        expect(checkpoint.watermark.index).toBeGreaterThan(0);
        const before = endpoint.received.length;
        const second = await runProgram(["push", "--resume", run, "--json"], { env });
        expect(summaryOf(second)).toMatchObject({ end: "finished", pushed: 4_500, rejected: 500 });
        const rejected = await readFile(join(run, "rejected.ndjson"), "utf8");
        expect(new Set(rejected.trim().split("\n")).size).toBe(500);
        const again = endpoint.received.slice(before).map(({ userKey }) => Number(userKey.slice(5)));
        expect(again.filter((line) => isDone(checkpoint, line))).toEqual([]);
        expect(new Set(endpoint.received.map(({ userKey }) => userKey)).size).toBe(5_000);
      } finally {
        disk.remove();
      }
    },
  );

  it.each<[string, string[], RegExp]>([
    [
      "there is nothing to push",
      [],
      /^mdps: nothing to push: pass a file \(- for standard input\), --resume RUN or --retry-failed RUN/,
    ],
    ["there is no endpoint", ["FILE"], /^mdps: no endpoint: pass --endpoint/],
    [
      "there are no credentials",
      ["FILE", "--endpoint", "production"],
      /^mdps: no credentials: pass --credentials FILE or --token, or set MDPS_CREDENTIALS or MDPS_TOKEN/,
    ],
    [
      "the endpoint is invalid",
      ["FILE", "--endpoint", "prod"],
      /an https URL, "production" or "preproduction"/,
    ],
    [
      "the directory to resume is not a run",
      ["--resume", "DIRECTORY"],
      /^mdps: .* is not a run of mdps push/,
    ],
    ["the file does not exist", ["/no/file", "--endpoint", "production"], /^mdps: \/no\/file does not exist/],
    ["the error limit is invalid", ["FILE", "--max-errors", "some"], /a percentage, such as 5%/],
    ["the rate is 0", ["FILE", "--rate", "0"], /more than 0/],
  ])("exits with 1 and says what to do when %s", async (_, args, message) => {
    const directory = await dataDirectory();
    const file = await writeLines(directory, manyLines(1));
    await mkdir(join(directory, "empty"));
    const given = args.map((arg) => arg.replace("FILE", file).replace("DIRECTORY", join(directory, "empty")));
    const outcome = await runProgram(["push", ...given, "--runs", join(directory, "runs")]);
    expect(outcome.stderr).toMatch(message);
    expect(outcome).toMatchObject({ exitCode: 1, stdout: "" });
  });
});
