import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { importPKCS8, SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { pushScope } from "../../../src/auth/scopes.ts";
import { exampleStatus } from "../../../src/examples/index.ts";
import { dataDirectory } from "../../support/data-directory.ts";
import { type Outcome, type ProgramOptions, runProgram, startProgram } from "../../support/program.ts";

/** The user of a service, which the system need not know. */
const uid = 65_532;
const skipped = process.getuid?.() === 0 ? "" : " (skipped: creating files as root requires root)";
const main = new URL("../../../src/cli/main.ts", import.meta.url).pathname;
const asService: ProgramOptions = {
  command: [
    "setpriv",
    "--reuid",
    String(uid),
    "--regid",
    String(uid),
    "--clear-groups",
    process.execPath,
    main,
  ],
};

/** Returns a data directory of the service. */
async function serviceDirectory(): Promise<string> {
  const directory = await dataDirectory();
  chownSync(directory, uid, uid);
  return directory;
}

/** Returns the files and directories below a directory that do not belong to the service. */
function filesOfOthers(directory: string): string[] {
  const names = readdirSync(directory, { recursive: true, encoding: "utf8" });
  expect(names).not.toEqual([]);
  return names.filter((name) => {
    const found = lstatSync(join(directory, name));
    return found.uid !== uid || found.gid !== uid;
  });
}

async function succeed(args: readonly string[], options?: ProgramOptions): Promise<Outcome> {
  const outcome = await runProgram(args, options);
  expect(outcome, outcome.stderr).toMatchObject({ exitCode: 0 });
  return outcome;
}

/** Starts a server that only writes errors to its log, and resolves with its URL. */
async function serve(data: string, options?: ProgramOptions) {
  const program = startProgram(["serve", "--port", "0", "--data", data, "--log-level", "error"], options);
  const url = /http:[^\s,]+/.exec(await program.printed(/listens on/))?.[0] ?? "";
  return { ...program, url };
}

/** Exchanges an assertion of a service account for an access token. */
async function tokenFor(key: { client_email: string; private_key: string }, url: string): Promise<string> {
  const assertion = await new SignJWT({ scope: pushScope, jti: "one" })
    .setProtectedHeader({ alg: "RS256" })
    .setIssuer(key.client_email)
    .setAudience(`${url}/token`)
    .setIssuedAt()
    .setExpirationTime("5 minutes")
    .sign(await importPKCS8(key.private_key, "RS256"));
  const grant = { grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion };
  const answer = await fetch(`${url}/token`, { method: "POST", body: new URLSearchParams(grant) });
  expect(answer.status, await answer.clone().text()).toBe(200);
  return ((await answer.json()) as { access_token: string }).access_token;
}

function writeRecords(directory: string): string {
  const file = join(directory, "records.ndjson");
  writeFileSync(file, `${JSON.stringify({ userKey: "one", planStatus: exampleStatus(new Date()) })}\n`);
  chownSync(file, uid, uid);
  return file;
}

describe.skipIf(skipped)(`files that root creates in the data directory of a service${skipped}`, () => {
  it.each([
    ["token", ["token", "--operator", "65001"]],
    ["service-account create", ["service-account", "create", "--operator", "65001"]],
    ["import", ["import", "/dev/null"]],
  ])("belong to the service, which starts after mdps %s", async (_, args) => {
    const data = await serviceDirectory();
    await succeed([...args, "--data", data]);
    expect(filesOfOthers(data)).toEqual([]);
    const service = await serve(data, asService);
    service.process.kill("SIGTERM");
    expect(await service.ended).toMatchObject({ exitCode: 0, stderr: "" });
  });

  it("belong to the service, if they are in new directories below one of the service", async () => {
    const data = await serviceDirectory();
    await succeed(["token", "--operator", "65001", "--data", join(data, "new", "data")]);
    await succeed(["import", "-", "--data", join(data, "other", "data")], { stdin: "" });
    expect(filesOfOthers(data)).toEqual([]);
  });

  it("belong to the service while root runs the server, after it, and after each other command", async () => {
    const data = await serviceDirectory();
    const records = writeRecords(data);
    const account = await succeed(["service-account", "create", "--operator", "65001", "--data", data]);
    const root = await serve(data);
    const token = await tokenFor(JSON.parse(account.stdout), root.url);
    const where = ["--operator", "65001", "--client", "mobiledataplan", "--endpoint", root.url];
    await succeed(["push", records, ...where, "--token", token, "--runs", join(data, "runs")]);
    expect(readdirSync(data)).toEqual(
      expect.arrayContaining([
        "plans.sqlite",
        "plans.sqlite-wal",
        "plans.sqlite-shm",
        "used-assertions",
        "runs",
      ]),
    );
    expect(filesOfOthers(data)).toEqual([]);
    root.process.kill("SIGKILL");
    await root.ended;

    await succeed(["check", "--data", data]);
    expect(filesOfOthers(data)).toEqual([]);
    await succeed(["export", join(data, "plans.ndjson"), "--data", data]);
    await succeed(["import", join(data, "plans.ndjson"), "--data", data]);
    await succeed(["service-account", "revoke", "operator-65001", "--data", data]);
    expect(filesOfOthers(data)).toEqual([]);

    const service = await serve(data, asService);
    const card = await succeed([
      "get",
      "one",
      "--operator",
      "65001",
      "--endpoint",
      service.url,
      "--data",
      data,
    ]);
    expect(card.stdout).toContain("ACME Plan 199");
  });

  it("belong to root in a directory of root", async () => {
    const data = await dataDirectory();
    await succeed(["token", "--operator", "65001", "--data", data]);
    expect(lstatSync(join(data, "signing-key.json")).uid).toBe(0);
  });
});

describe.skipIf(skipped)(`a server whose files belong to root${skipped}`, () => {
  /** Returns the message with which the service does not start. */
  async function failure(data: string): Promise<string> {
    const { exitCode, stderr } = await runProgram(["serve", "--port", "0", "--data", data], asService);
    expect(exitCode).toBe(1);
    return stderr.trimEnd();
  }

  it.each([
    "signing-key.json",
    "service-accounts.json",
    "log.key",
    "plans.sqlite",
    "lock.sqlite",
    "plans.sqlite-wal",
  ])("names %s, its owner, and the command that gives it to the service", async (name) => {
    const data = await serviceDirectory();
    const service = await serve(data, asService);
    await succeed(["service-account", "create", "--operator", "65001", "--data", data]);
    service.process.kill("SIGKILL");
    await service.ended;
    chownSync(join(data, name), 0, 0);
    expect(await failure(data)).toMatch(
      new RegExp(
        `^mdps: (.*: )?${join(data, name)} .*\\. It belongs to root, and this program runs as uid ${uid}\\. Run as root: chown ${uid}:${uid} ${join(data, name)}$`,
      ),
    );
  });

  it("names the directory and the command that gives it to the service with its files", async () => {
    const data = join(await serviceDirectory(), "data");
    mkdirSync(data, { mode: 0o700 });
    expect(await failure(data)).toBe(
      `mdps: ${data} cannot be read and written by user ${uid}: EACCES: permission denied, access '${data}'. It belongs to root, and this program runs as uid ${uid}. Run as root: chown -R ${uid}:${uid} ${data}`,
    );
  });

  it("advises to run a command as the owner of the directory, if that is another user than root", async () => {
    const data = await dataDirectory();
    chmodSync(data, 0o700);
    chownSync(data, 65_531, 65_531);
    const { stderr } = await runProgram(["token", "--operator", "65001", "--data", data], asService);
    expect(stderr).toContain(
      `${data} belongs to uid 65531, and this program runs as uid ${uid}. Run the command as that user: sudo -u '#65531' mdps …`,
    );
  });
});
