import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import { createPlanSharingClient } from "../../../src/client/client.ts";
import type { Checkpoint } from "../../../src/push/run/journal.ts";
import { testCertificate } from "../../support/certificates/certificate.ts";
import { dataDirectory } from "../../support/data-directory.ts";
import { accept, startStubEndpoint } from "../../support/http/stub-endpoint.ts";
import { printToken, runProgram, startProgram, startServe } from "../../support/program.ts";
import { manyLines, writeLines } from "../../support/push-inputs.ts";
import { argsOf, checkpointIn, env, isDone, onlyRun, summaryOf } from "../../support/push-runs.ts";

/** Resolves when the only run of a directory has a checkpoint with at least `count` pushed records. */
async function untilDone(directory: string, count: number): Promise<void> {
  const check = async () => {
    const checkpoint = await checkpointIn(await onlyRun(directory));
    expect(checkpoint?.tally.pushed).toBeGreaterThanOrEqual(count);
  };
  await vi.waitFor(check, { interval: 20, timeout: 20_000 });
}

describe("mdps push --resume", () => {
  it("pushes every record after kill -9, and none again that was done at the last checkpoint", async () => {
    const directory = await dataDirectory();
    // Every tenth answer is slow, so that records are not done in order.
    const endpoint = await startStubEndpoint((request, response) => {
      const isSlow = endpoint.received.length % 10 === 0;
      setTimeout(() => accept(request, response), isSlow ? 60 : 1);
    });
    const lines = manyLines(6_000);
    lines[2_999] = '{"userKey": "user-3000"';
    const file = await writeLines(directory, lines);
    const numberOf = (userKey: string) => Number(userKey.slice("user-".length));
    let args = [file, ...argsOf(directory, endpoint.url)];
    for (const until of [700, 2_600]) {
      const program = startProgram(["push", ...args], { env });
      await endpoint.reached(until);
      program.process.kill("SIGKILL");
      expect(await program.ended).toMatchObject({ signal: "SIGKILL" });
      const before = endpoint.received.length;
      const run = await onlyRun(directory);
      const checkpoint = await checkpointIn(run);
      args = ["--resume", run, "--json"];
      const next = startProgram(["push", ...args], { env });
      await endpoint.reached(before + 300);
      next.process.kill("SIGKILL");
      await next.ended;
      const again = endpoint.received.slice(before).map(({ userKey }) => numberOf(userKey));
      expect(checkpoint?.watermark.index).toBeGreaterThan(0);
      expect(again.filter((line) => isDone(checkpoint as Checkpoint, line))).toEqual([]);
    }
    const outcome = await runProgram(["push", ...args], { env });
    expect(outcome.exitCode).toBe(2);
    expect(summaryOf(outcome)).toMatchObject({ end: "finished", done: 6_000, pushed: 5_999, rejected: 1 });
    const run = await onlyRun(directory);
    expect(JSON.parse(await readFile(join(run, "summary.json"), "utf8"))).toEqual(summaryOf(outcome));
    expect(await readFile(join(run, "rejected.ndjson"), "utf8")).toBe(`${lines[2_999]}\n`);
    // Each body is that of its line, and no line is missing.
    const bodies = new Map(endpoint.received.map(({ userKey, body }) => [userKey, body]));
    expect(bodies.size).toBe(5_999);
    for (const line of lines.filter((_, index) => index !== 2_999)) {
      const { userKey, planStatus } = JSON.parse(line);
      expect(bodies.get(userKey)).toBe(JSON.stringify(planStatus));
    }
    // A finished run prints its summary again and sends nothing.
    const count = endpoint.received.length;
    expect(summaryOf(await runProgram(["push", ...args], { env }))).toEqual(summaryOf(outcome));
    expect(endpoint.received.length).toBe(count);
  });

  it("stores every record of the input in a real server after kill -9", { timeout: 120_000 }, async () => {
    const directory = await dataDirectory();
    const server = await startServe(join(directory, "data"));
    const [push, read] = await Promise.all([
      printToken(join(directory, "data")),
      printToken(join(directory, "data"), "--access", "read"),
    ]);
    const lines = manyLines(3_000);
    const file = join(directory, "input.json.gz");
    await writeFile(file, gzipSync(`[\n${lines.join(",\n")}\n]`));
    const options = { env: { MDPS_TOKEN: push } };
    const first = startProgram(["push", file, ...argsOf(directory, server.url)], options);
    await untilDone(directory, 500);
    first.process.kill("SIGKILL");
    await first.ended;
    const run = await onlyRun(directory);
    const outcome = await runProgram(["push", "--resume", run, "--json"], options);
    expect(summaryOf(outcome)).toMatchObject({ end: "finished", pushed: 3_000, rejected: 0, superseded: 0 });
    expect(outcome.exitCode).toBe(0);
    const reader = createPlanSharingClient({ endpoint: server.url, protocol: "grpc", token: read });
    const titles = await Promise.all(
      lines.map(async (_, index) => {
        const userKey = `user-${index + 1}`;
        const key = { parent: "operators/65001", clientId: "mobiledataplan", userKey };
        return (await reader.getUserPlanStatus(key)).title === userKey;
      }),
    );
    expect(titles.filter((isRight) => !isRight)).toEqual([]);
  });

  it("keeps the settings that it is given, and needs none for the summary of a finished run", async () => {
    const directory = await dataDirectory();
    const ca = join(directory, "ca.pem");
    await writeFile(ca, testCertificate.cert);
    const closed = "http://127.0.0.1:1";
    const file = await writeLines(directory, ["{}", ...manyLines(20)]);
    const args = [file, ...argsOf(directory, closed), "--patience", "1", "--ca", join(directory, "old.pem")];
    const refused = await runProgram(["push", ...args], { env });
    expect(refused.stderr).toMatch(/^mdps: --ca .*old\.pem: does not exist/);
    await writeFile(join(directory, "old.pem"), testCertificate.cert);
    expect(await runProgram(["push", ...args], { env })).toMatchObject({ exitCode: 5 });
    await rm(join(directory, "old.pem"));
    const run = await onlyRun(directory);
    const resume = ["push", "--resume", run, "--json", "--patience", "1"];
    expect((await runProgram(resume, { env })).stderr).toMatch(/^mdps: --ca .*old\.pem: does not exist/);
    expect(await runProgram([...resume, "--ca", ca], { env })).toMatchObject({ exitCode: 5 });
    const endpoint = await startStubEndpoint();
    const moved = await runProgram([...resume, "--endpoint", endpoint.url], { env });
    expect(summaryOf(moved)).toMatchObject({ end: "finished", pushed: 20, endpoint: endpoint.url });
    await rm(ca);
    const again = await runProgram(resume);
    expect(again.stderr).toBe("");
    expect(summaryOf(again)).toEqual(summaryOf(moved));
  });

  it("exits with 1 when the input has changed", async () => {
    const directory = await dataDirectory();
    const endpoint = await startStubEndpoint();
    const file = await writeLines(directory, manyLines(3_000));
    const first = startProgram(["push", file, ...argsOf(directory, endpoint.url)], { env });
    await endpoint.reached(300);
    first.process.kill("SIGINT");
    await first.ended;
    await writeFile(file, (await readFile(file, "utf8")).replace("user-2900", "user-9999"));
    const outcome = await runProgram(["push", "--resume", await onlyRun(directory)], { env });
    expect(outcome).toMatchObject({ exitCode: 1, stdout: "" });
    expect(outcome.stderr).toMatch(
      /^mdps: .*input\.ndjson has changed since this run began: its content is different/,
    );
  });

  it("exits with 1 while another process runs the same run", async () => {
    const directory = await dataDirectory();
    const endpoint = await startStubEndpoint(() => undefined);
    const file = await writeLines(directory, manyLines(10));
    const first = startProgram(["push", file, ...argsOf(directory, endpoint.url)], { env });
    await endpoint.reached(1);
    const outcome = await runProgram(["push", "--resume", await onlyRun(directory)], { env });
    expect(outcome.stderr).toContain(`is in use by another process (pid ${first.process.pid})`);
    expect(outcome.exitCode).toBe(1);
  });
});
