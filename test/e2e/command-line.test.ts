import { generateKeyPairSync } from "node:crypto";
import { chmod, chown, mkdir, readdir, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { openStore } from "../../src/store/open-store.ts";
import { expectNoInternals } from "../support/api-error.ts";
import { testCertificate, testCertificateFiles } from "../support/certificates/certificate.ts";
import { dataDirectory } from "../support/data-directory.ts";
import { type Outcome, runProgram, startServe } from "../support/program.ts";

/** Expects an error message of at most three lines without internals, no other output, and exit code 1. */
function expectMessage({ stdout, stderr, exitCode }: Outcome, pattern: RegExp): void {
  expect(stderr).toMatch(pattern);
  expectNoInternals(stderr);
  expect(stderr.trimEnd().split("\n").length).toBeLessThanOrEqual(3);
  expect(stdout).toBe("");
  expect(exitCode).toBe(1);
}

const commands = [
  "serve",
  "dev",
  "config",
  "example",
  "validate",
  "push",
  "get",
  "token",
  "service-account",
  "store",
  "export",
  "import",
  "check",
  "contract",
  "completion",
];

describe("mdps --help", () => {
  it("lists every command", async () => {
    const { stdout, stderr, exitCode } = await runProgram(["--help"]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toMatch(/^Usage: mdps /);
    const listed = [...(stdout.split("Commands:")[1] ?? "").matchAll(/^ {2}([\w-]+)/gm)];
    expect(listed.map(([, name]) => name)).toEqual([...commands, "help"]);
  });

  it.each(commands)("describes mdps %s with its options and an example", async (command) => {
    const help = await runProgram([command, "--help"]);
    expect(help).toMatchObject({ stderr: "", exitCode: 0 });
    expect(help.stdout).toContain(`Usage: mdps ${command}`);
    expect(help.stdout).toContain("Options:");
    expect(help.stdout).toContain("Example");
  });

  it("prints the version with --version", async () => {
    const { stdout, exitCode } = await runProgram(["--version"]);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(exitCode).toBe(0);
  });
});

describe("an invalid command line", () => {
  it.each<[string, string[], RegExp]>([
    ["an unknown command", ["sevre"], /unknown command 'sevre'/],
    ["an unknown flag", ["serve", "--prot", "1"], /unknown option '--prot'/],
    ["too many arguments", ["serve", "now"], /too many arguments/],
    ["a port that is not a number", ["serve", "--port", "http"], /--port.*port from 0 to 65535/],
    ["a port that is too large", ["serve", "--port", "65536"], /port from 0 to 65535/],
    ["a negative clock skew", ["serve", "--clock-skew", "-1"], /whole number of seconds, at least 0/],
    ["the operator 0", ["dev", "--operator", "0"], /ASN from 1 to 4294967295/],
    ["a clock before 1970", ["dev", "--now", "1969-12-31T23:59:59Z"], /time in RFC 3339 from 1970 to 9999/],
    ["a clock after 9999", ["dev", "--now", "10000-01-01T00:00:00Z"], /time in RFC 3339 from 1970 to 9999/],
    ["no operator", ["token"], /required option '--operator <asn>' not specified/],
    ["an operator with leading zeros", ["token", "--operator", "065001"], /ASN from 1 to 4294967295/],
    ["an operator beyond the limit", ["token", "--operator", "4294967296"], /ASN from 1 to 4294967295/],
    ["a token lifetime of 0", ["token", "--operator", "1", "--expires", "0"], /at least 1/],
  ])("is rejected with a message that points to --help: %s", async (_, args, message) => {
    const outcome = await runProgram(args);
    expectMessage(outcome, message);
    expect(outcome.stderr).toContain("--help");
  });

  it("prints the help if there is no command", async () => {
    const { stderr, stdout, exitCode } = await runProgram([]);
    expect(stderr + stdout).toMatch(/^Usage: mdps /);
    expect(exitCode).toBe(1);
  });
});

describe("a start of mdps serve", () => {
  const serve = (directory: string, ...args: string[]) =>
    runProgram(["serve", "--port", "0", "--data", directory, ...args]);

  it("fails with a hint at --port 0 when the port is in use", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    expectMessage(
      await serve(await dataDirectory(), "--port", String(port)),
      new RegExp(`^mdps: 127\\.0\\.0\\.1:${port} is in use by another program\\. .*--port 0`),
    );
    other.close();
  });

  it("fails when the address does not belong to this machine", async () => {
    expectMessage(await serve(await dataDirectory(), "--host", "192.0.2.1"), /^mdps: .*192\.0\.2\.1/);
  });

  it("fails when another process checks or upgrades the data", async () => {
    const directory = await dataDirectory();
    await (await openStore(`sqlite:${directory}`)).close();
    const lock = new DatabaseSync(join(directory, "lock.sqlite"));
    lock.exec("BEGIN EXCLUSIVE");
    expectMessage(await serve(directory), /^mdps: .*is being upgraded or checked by another process/);
    lock.close();
  });

  it("fails when the data have a newer schema version", async () => {
    const directory = await dataDirectory();
    await (await openStore(`sqlite:${directory}`)).close();
    const database = new DatabaseSync(join(directory, "plans.sqlite"));
    database.exec("PRAGMA user_version = 99");
    database.close();
    expectMessage(await serve(directory), /^mdps: .*plans\.sqlite has schema version 99/);
  });

  it("fails when the data directory is a file", async () => {
    const file = join(await dataDirectory(), "file");
    await writeFile(file, "");
    expectMessage(await serve(file), /^mdps: --data .*is a file, not a directory/);
  });

  it("fails when the data directory cannot be written", async () => {
    const directory = join(await dataDirectory(), "data");
    await mkdir(directory, { mode: 0o500 });
    // Root can write everywhere, so the program must run as another user.
    const isRoot = process.getuid?.() === 0;
    const nobody = 65_534;
    if (isRoot) {
      await chmod(join(directory, ".."), 0o755);
      await chown(directory, nobody, nobody);
    }
    const outcome = await runProgram(
      ["serve", "--port", "0", "--data", directory],
      isRoot ? { uid: nobody } : {},
    );
    expectMessage(outcome, new RegExp(`^mdps: .*${directory}.* cannot be (read and )?written`));
    expect(await readdir(directory)).toEqual([]);
    await chmod(directory, 0o700);
  });

  it("fails when others can read the signing key", async () => {
    const directory = await dataDirectory();
    await runProgram(["token", "--operator", "1", "--data", directory]);
    const key = join(directory, "signing-key.json");
    await chmod(key, 0o644);
    expectMessage(await serve(directory), new RegExp(`^mdps: .* Run: chmod 600 ${key}`));
    expectMessage(
      await runProgram(["token", "--operator", "1", "--data", directory]),
      new RegExp(`^mdps: .* Run: chmod 600 ${key}`),
    );
  });

  it.each<[string, (directory: string) => string[], RegExp]>([
    [
      "without a key",
      () => ["--tls-cert", testCertificateFiles.cert],
      /--tls-cert and --tls-key must be set together/,
    ],
    [
      "that is missing",
      () => ["--tls-key", testCertificateFiles.key],
      /--tls-cert and --tls-key must be set together/,
    ],
    [
      "that does not exist",
      (directory) => ["--tls-cert", join(directory, "no.pem"), "--tls-key", testCertificateFiles.key],
      /no\.pem/,
    ],
    [
      "that is a directory",
      (directory) => ["--tls-cert", directory, "--tls-key", testCertificateFiles.key],
      /^mdps: .*--tls-cert/,
    ],
    [
      "that is not PEM of a certificate",
      () => ["--tls-cert", testCertificateFiles.key, "--tls-key", testCertificateFiles.key],
      /^mdps: .*--tls-cert/,
    ],
    [
      "with a key that others can read",
      () => ["--tls-cert", testCertificateFiles.cert, "--tls-key", testCertificateFiles.cert],
      /^mdps: --tls-key: .* Run: chmod 600 /,
    ],
  ])("fails with a TLS certificate %s", async (_, args, message) => {
    const directory = await dataDirectory();
    expectMessage(await serve(directory, ...args(directory)), message);
  });

  it("fails when the key is not a private key", async () => {
    const directory = await dataDirectory();
    const file = join(directory, "key.pem");
    await writeFile(file, testCertificate.cert, { mode: 0o600 });
    expectMessage(
      await serve(directory, "--tls-cert", testCertificateFiles.cert, "--tls-key", file),
      /^mdps: --tls-key: .*key\.pem is not a private key in PEM/,
    );
  });

  it("fails when the key belongs to another certificate", async () => {
    const directory = await dataDirectory();
    const file = join(directory, "key.pem");
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    await writeFile(file, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    expectMessage(
      await serve(directory, "--tls-cert", testCertificateFiles.cert, "--tls-key", file),
      /^mdps: --tls-key: .*key\.pem does not match the certificate/,
    );
  });
});

describe("mdps serve", () => {
  it("uses TLS with a certificate and a key", async () => {
    const { cert, key } = testCertificateFiles;
    const server = await startServe(await dataDirectory(), ["--tls-cert", cert, "--tls-key", key]);
    expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    server.process.kill("SIGTERM");
    expect((await server.ended).exitCode).toBe(0);
  });

  it("stores its data in the user's data directory by default", async () => {
    const home = await dataDirectory();
    const { exitCode } = await runProgram(["token", "--operator", "1"], {
      env: { XDG_DATA_HOME: home, HOME: home },
    });
    expect(exitCode).toBe(0);
    const files = await readdir(home, { recursive: true });
    expect(files.filter((file) => file.endsWith("mdps/signing-key.json"))).toHaveLength(1);
  });
});
