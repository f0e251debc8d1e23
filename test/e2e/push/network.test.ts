import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../../src/contract/clock.ts";
import { makeAccount } from "../../support/auth/service-accounts.ts";
import { testCertificate, testCertificateFiles } from "../../support/certificates/certificate.ts";
import { dataDirectory } from "../../support/data-directory.ts";
import { startConnectProxy } from "../../support/http/connect-proxy.ts";
import { startTcpEndpoint } from "../../support/http/grpc-endpoints.ts";
import { runProgram, startProgram } from "../../support/program.ts";
import { lineOf, manyLines, writeLines } from "../../support/push-inputs.ts";
import { argsOf, env, onlyRun, summaryOf } from "../../support/push-runs.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";

/** Starts a server with a private certificate, and writes a key file for it. */
async function startSecureServer(): Promise<{ server: TestServer; keyFile: string; directory: string }> {
  const server = await startTestServer({ tls: testCertificate, clock: { ...systemClock, set() {} } });
  onTestFinished(() => server[Symbol.asyncDispose]());
  const directory = await dataDirectory();
  const keyFile = join(directory, "key.json");
  await writeFile(keyFile, JSON.stringify(await makeAccount(server)), { mode: 0o600 });
  return { server, keyFile, directory };
}

const { cert } = testCertificateFiles;

describe("mdps push in the network of an operator", () => {
  it("pushes through a proxy that requires a password, to a private certificate, with a key file", async () => {
    const { server, keyFile, directory } = await startSecureServer();
    const proxy = await startConnectProxy({ credentials: "me:s3cret" });
    const file = await writeLines(directory, manyLines(20));
    const args = [
      ...argsOf(directory, server.url),
      "--credentials",
      keyFile,
      "--ca",
      cert,
      "--concurrency",
      "1",
    ];
    const outcome = await runProgram(["push", file, ...args], {
      env: { HTTPS_PROXY: proxy.url.replace("://", "://me:s3cret@") },
    });
    expect(summaryOf(outcome)).toMatchObject({ end: "finished", pushed: 20 });
    // Tunnels for the token and for the records.
    expect(proxy.asked.length).toBeGreaterThan(1);
    expect(new Set(proxy.asked)).toEqual(new Set([new URL(server.url).host]));
    expect(await readFile(join(await onlyRun(directory), "run.json"), "utf8")).not.toContain("s3cret");
  });

  it("ends at once with the name of a proxy that requires a password", async () => {
    const { server, directory } = await startSecureServer();
    const proxy = await startConnectProxy({ credentials: "me:s3cret" });
    const file = await writeLines(directory, manyLines(5));
    const outcome = await runProgram(["push", file, ...argsOf(directory, server.url), "--ca", cert], {
      env: { ...env, HTTPS_PROXY: proxy.url },
    });
    expect(outcome.exitCode).toBe(7);
    expect(outcome.stdout).toContain(`the proxy ${proxy.name} requires a user and a password`);
  });

  it("ends with 1 and creates no run for a variable that names no proxy", async () => {
    const directory = await dataDirectory();
    const file = await writeLines(directory, manyLines(5));
    const outcome = await runProgram(["push", file, ...argsOf(directory, "https://mdps.example.com")], {
      env: { ...env, HTTPS_PROXY: "socks5://me:s3cret@proxy.example.com" },
    });
    expect(outcome).toMatchObject({ exitCode: 1, stdout: "" });
    expect(outcome.stderr).toContain("mdps: HTTPS_PROXY: socks5://proxy.example.com is not supported");
    expect(existsSync(join(directory, "runs"))).toBe(false);
  });

  it.each(["--credentials", "--token"])(
    "ends at once by Ctrl-C while a proxy hangs that %s needs",
    async (option) => {
      const { keyFile, directory } = await startSecureServer();
      const asked = Promise.withResolvers<void>();
      const proxy = await startTcpEndpoint(() => asked.resolve());
      const file = await writeLines(directory, manyLines(3));
      const value = option === "--token" ? "access-token" : keyFile;
      const program = startProgram(
        ["push", file, ...argsOf(directory, "https://mdps.example.com"), option, value],
        { env: { HTTPS_PROXY: proxy } },
      );
      await asked.promise;
      program.process.kill("SIGINT");
      const outcome = await program.ended;
      expect(summaryOf(outcome)).toMatchObject({ end: "interrupted", done: 0 });
      expect(outcome.exitCode).toBe(130);
    },
    25_000,
  );

  it("keeps --ca for --resume, also given by MDPS_CA", async () => {
    const { server, keyFile, directory } = await startSecureServer();
    const file = await writeLines(directory, [lineOf("user-1"), JSON.stringify({ userKey: "user-2" })]);
    const args = [...argsOf(directory, server.url), "--credentials", keyFile];
    const outcome = await runProgram(["push", file, ...args, "--max-errors", "0"], {
      env: { MDPS_CA: cert },
    });
    expect(outcome.exitCode).toBe(3);
    const resumed = await runProgram(["push", "--resume", await onlyRun(directory), "--json"]);
    expect(summaryOf(resumed)).toMatchObject({ end: "finished", pushed: 1, rejected: 1 });
  });

  it.each([
    ["does not exist", "none.pem", "does not exist"],
    ["has no certificate", "key.json", "must be one or more certificates in PEM"],
  ])("ends with 1 and creates no run for a --ca that %s", async (_, name, problem) => {
    const directory = await dataDirectory();
    await writeFile(join(directory, "key.json"), "{}");
    const file = await writeLines(directory, manyLines(1));
    const ca = join(directory, name);
    const outcome = await runProgram(["push", file, ...argsOf(directory, "https://localhost"), "--ca", ca], {
      env,
    });
    expect(outcome).toMatchObject({ exitCode: 1, stdout: "", stderr: `mdps: --ca ${ca}: ${problem}\n` });
    expect(existsSync(join(directory, "runs"))).toBe(false);
  });
});

describe("mdps push checks the key file before a run begins", () => {
  it.each<[string, string, (key: Record<string, string>) => unknown, string]>([
    [
      "is empty",
      "https://localhost",
      () => undefined,
      "is empty: the command that should have written it has failed",
    ],
    ["is a list", "https://localhost", () => [], "must be the JSON object of one key, not a list"],
    [
      "has \\n as text",
      "https://localhost",
      (key) => ({ ...key, private_key: key.private_key?.replaceAll("\n", "\\n") }),
      "private_key has the two characters \\n where line breaks must be",
    ],
    [
      "is for another server than Google's",
      "production",
      (key) => key,
      "is for 127.0.0.1, but the endpoint is Google's",
    ],
  ])("ends with 1 and creates no run for one that %s", async (_, endpoint, change, problem) => {
    const { keyFile, directory } = await startSecureServer();
    const content = change(JSON.parse(await readFile(keyFile, "utf8")));
    await writeFile(keyFile, content === undefined ? "" : JSON.stringify(content));
    const file = await writeLines(directory, manyLines(1));
    const outcome = await runProgram([
      "push",
      file,
      ...argsOf(directory, endpoint),
      "--credentials",
      keyFile,
    ]);
    expect(outcome).toMatchObject({ exitCode: 1, stdout: "" });
    expect(outcome.stderr).toMatch(/^mdps: --credentials: the key file /);
    expect(outcome.stderr).toContain(problem);
    expect(outcome.stderr).not.toContain("MII");
    expect(existsSync(join(directory, "runs"))).toBe(false);
  });
});

describe("mdps get in the network of an operator", () => {
  it("reads through a proxy, from a private certificate", async () => {
    const { server } = await startSecureServer();
    const proxy = await startConnectProxy();
    const args = ["get", "nobody", "--operator", "65001", "--endpoint", server.url, "--ca", cert];
    const outcome = await runProgram(args, {
      env: { MDPS_TOKEN: server.token, HTTPS_PROXY: proxy.url },
    });
    expect(outcome.stderr).toMatch(/not found|no plan status/i);
    expect(proxy.asked).toEqual([new URL(server.url).host]);
  });

  it("says that the certificates cannot be read", async () => {
    const args = ["get", "u", "--operator", "65001", "--endpoint", "https://localhost", "--ca", "/none.pem"];
    const outcome = await runProgram(args, { env });
    expect(outcome).toMatchObject({ exitCode: 1, stderr: "mdps: --ca /none.pem: does not exist\n" });
  });
});
