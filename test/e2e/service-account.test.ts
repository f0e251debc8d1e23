import { existsSync } from "node:fs";
import { readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { KeyFile } from "../../src/auth/accounts/administration.ts";
import { createPlanSharingClient, googleCredentials } from "../../src/client/index.ts";
import { apiErrorOf } from "../support/api-error.ts";
import { dataDirectory } from "../support/data-directory.ts";
import { runProgram, startServe } from "../support/program.ts";
import { canMount, mountSmallDisk } from "../support/small-disk.ts";

const domain = "mobile-data-plan-sharing.internal";

async function mdps(directory: string, ...args: string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await runProgram(["service-account", ...args, "--data", directory]);
  expect({ stderr, exitCode }).toEqual({
    stderr: expect.stringMatching(/^(mdps: this made a new installation in .+\n)?$/),
    exitCode: 0,
  });
  return stdout;
}

async function createKey(directory: string, url: string, ...args: string[]): Promise<KeyFile> {
  return JSON.parse(
    await mdps(directory, "create", "--operator", "65001", "--endpoint", url, ...args),
  ) as KeyFile;
}

describe("mdps service-account", () => {
  it("creates a key file to push with; link, unlink and revoke take effect on a running server", async () => {
    const directory = await dataDirectory();
    const server = await startServe(directory);
    const key = await createKey(directory, server.url);
    const client = createPlanSharingClient({
      endpoint: server.url,
      protocol: "grpc",
      token: googleCredentials(key),
    });
    const push = (asn: number) => client.createPlanGroup({ parent: `operators/${asn}`, planGroupId: "k" });
    const reason = (asn: number) => apiErrorOf(push(asn)).then((error) => error.reason);
    await push(65001);
    expect(await reason(65002)).toBe("OPERATOR_NOT_LINKED");

    expect(await mdps(directory, "link", "operator-65001", "65002")).toBe(
      `operator-65001@${domain} may act for: 65001, 65002\n`,
    );
    await expect.poll(() => push(65002).then(() => "pushed", String)).toBe("pushed");

    expect(await mdps(directory, "unlink", "operator-65001", "65001")).toMatch(/may act for: 65002\n$/);
    await expect.poll(() => reason(65001).catch(() => "pushed")).toBe("OPERATOR_NOT_LINKED");

    expect(await mdps(directory, "revoke", `operator-65001@${domain}`)).toMatch(/ is revoked\n$/);
    await expect.poll(() => reason(65002).catch(() => "pushed")).toBe("CREDENTIALS_INVALID");
  });

  it("replaces a key without downtime", async () => {
    const directory = await dataDirectory();
    const server = await startServe(directory);
    const first = await createKey(directory, server.url, "--name", "dpa");
    const second = JSON.parse(await mdps(directory, "add-key", "dpa", "--endpoint", server.url)) as KeyFile;
    const push = async (key: KeyFile) =>
      createPlanSharingClient({
        endpoint: server.url,
        protocol: "rest",
        token: googleCredentials(key),
      }).createPlanGroup({ parent: "operators/65001", planGroupId: "k" });
    await expect.poll(() => push(second).then(() => "pushed", String)).toBe("pushed");
    await push(first);
    await mdps(directory, "remove-key", "dpa", first.private_key_id);
    await expect.poll(() => push(first).then(() => "pushed", String)).toMatch(/invalid_grant/);
    await push(second);
  });

  it("takes the URL of the server from --url too", async () => {
    const key = await mdps(
      await dataDirectory(),
      "create",
      "--operator",
      "1",
      "--url",
      "https://mdps.example",
    );
    expect(JSON.parse(key)).toMatchObject({ token_uri: "https://mdps.example/token" });
  });

  it("lists accounts as text and as JSON", async () => {
    const directory = await dataDirectory();
    const key = await createKey(
      directory,
      "https://mdps.example.com",
      "--operator",
      "65002",
      "--access",
      "both",
    );
    await createKey(directory, "https://mdps.example.com", "--name", "old");
    await mdps(directory, "revoke", "old");
    expect(await mdps(directory, "list")).toMatch(
      new RegExp(
        `^operator-65001@${domain}\n  operators  65001, 65002\n  scopes     \\S+ \\S+\n  keys       ${key.private_key_id}\n` +
          `old@${domain}  revoked 20\\S+Z\n  operators  65001\n  scopes     \\S+\n  keys       none\n$`,
      ),
    );
    expect(JSON.parse(await mdps(directory, "list", "--json"))).toEqual([
      expect.objectContaining({ operators: [65001, 65002], keys: [key.private_key_id] }),
      expect.objectContaining({ email: `old@${domain}`, keys: [], revoked: expect.any(String) }),
    ]);
  });

  it("writes a key to a new file that only its owner can read", async () => {
    const directory = await dataDirectory();
    const file = join(await dataDirectory(), "key.json");
    const printed = await mdps(directory, "create", "--operator", "AS65001", "--out", file);
    const key = JSON.parse(await readFile(file, "utf8")) as KeyFile;
    expect(printed).toBe(`${file}: key ${key.private_key_id} of operator-65001@${domain}\n`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const next = join(dirname(file), "next.json");
    await mdps(directory, "add-key", "operator-65001", "--out", next);
    expect((await readdir(dirname(file))).sort()).toEqual(["key.json", "next.json"]);
    expect(JSON.parse(await mdps(directory, "list", "--json"))[0]).toMatchObject({
      operators: [65001],
      keys: [key.private_key_id, JSON.parse(await readFile(next, "utf8")).private_key_id],
    });
  });

  it.each<[string, (folder: string) => Promise<string>, RegExp]>([
    [
      "that exists",
      async (folder) => {
        await writeFile(join(folder, "key.json"), "a key");
        return join(folder, "key.json");
      },
      /exists, and a key file is never overwritten: pass another name, or move it away\n$/,
    ],
    [
      "that is a link without a target",
      async (folder) => {
        await symlink(join(folder, "elsewhere"), join(folder, "key.json"));
        return join(folder, "key.json");
      },
      /exists, and a key file is never overwritten/,
    ],
    ["that is a directory", async (folder) => folder, /is a directory: pass the name of a new file in it/],
    [
      "in a directory that does not exist",
      async (folder) => join(folder, "none", "key.json"),
      /none is not a directory: create it first, or pass another name\n$/,
    ],
  ])("creates no account for a key file %s", async (_, prepare, message) => {
    const directory = await dataDirectory();
    const folder = await dataDirectory();
    const file = await prepare(folder);
    const before = await readdir(folder);
    const create = ["service-account", "create", "--operator", "65001", "--data", directory];
    const outcome = await runProgram([...create, "--out", file]);
    expect(outcome.stderr).toMatch(message);
    expect(outcome.stderr.startsWith(`mdps: --out ${file}: `)).toBe(true);
    expect(outcome).toMatchObject({ exitCode: 1, stdout: "" });
    expect(await readdir(folder)).toEqual(before);
    expect(await readdir(directory)).toEqual([]);
  });

  it("leaves no file if the account cannot be created", async () => {
    const directory = await dataDirectory();
    const folder = await dataDirectory();
    await createKey(directory, "https://mdps.example.com");
    const create = ["service-account", "create", "--operator", "65001", "--data", directory];
    const outcome = await runProgram([...create, "--out", join(folder, "key.json")]);
    expect(outcome.stderr).toMatch(
      /already exists: choose another --name, or make another key for it with service-account add-key/,
    );
    expect(await readdir(folder)).toEqual([]);
  });

  it.skipIf(!canMount())("says what to remove if the disk is full (requires root to mount one)", async () => {
    const directory = await dataDirectory();
    const disk = mountSmallDisk(1);
    onTestFinished(() => disk.remove());
    disk.fill();
    const create = ["service-account", "create", "--operator", "65001", "--data", directory];
    const { stderr, exitCode } = await runProgram([...create, "--out", join(disk.directory, "key.json")]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("cannot be written: ENOSPC");
    const [, remove = ""] = /Remove the key: npm run -s mdps -- (.+), and make another/.exec(stderr) ?? [];
    expect((await runProgram(remove.split(" "))).stdout).toMatch(/is revoked\n$/);
    expect(JSON.parse(await mdps(directory, "list", "--json"))[0]).toMatchObject({ keys: [] });
  });

  it.each<[string, string[], RegExp]>([
    ["no operator", ["create"], /required option '--operator <asn>'/],
    ["an invalid operator", ["create", "--operator", "AS-65001"], /ASN from 1 to 4294967295/],
    ["an invalid name", ["create", "--operator", "1", "--name", "A B"], /lower-case letters, digits/],
    ["an invalid URL", ["create", "--operator", "1", "--endpoint", "mdps.example.com"], /URL of a server/],
    ["a URL with a query", ["create", "--operator", "1", "--endpoint", "https://example.com/x?"], /no query/],
    ["an invalid access", ["create", "--operator", "1", "--access", "all"], /push, read, both/],
    ["an account that does not exist", ["revoke", "nobody"], /^mdps: the account nobody@/],
    ["a key of an account that does not exist", ["remove-key", "nobody", "k"], /^mdps: the account nobody@/],
    ["an unknown command", ["delete", "nobody"], /unknown command 'delete'/],
  ])("describes the error and exits with 1: %s", async (_, args, message) => {
    const directory = await dataDirectory();
    await mdps(directory, "create", "--operator", "65009");
    const outcome = await runProgram(["service-account", ...args, "--data", directory]);
    expect(outcome.stderr).toMatch(message);
    expect(outcome).toMatchObject({ exitCode: 1, stdout: "" });
  });

  it.each(["list", "revoke", "add-key", "link"])(
    "does not create the data directory of the wrong --data: %s",
    async (name) => {
      const directory = join(await dataDirectory(), "wrong");
      const args = { list: [], revoke: ["a"], "add-key": ["a"], link: ["a", "65001"] }[name] ?? [];
      const outcome = await runProgram(["service-account", name, ...args, "--data", directory]);
      expect(outcome).toMatchObject({
        stderr: `mdps: ${directory} is not a data directory of a server: pass that of the server with --data or MDPS_DATA\n`,
        exitCode: 1,
      });
      expect(existsSync(directory)).toBe(false);
    },
  );
});
