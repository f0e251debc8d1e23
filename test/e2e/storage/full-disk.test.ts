import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { dataDirectory } from "../../support/data-directory.ts";
import { type Outcome, printToken, runProgram, startServe } from "../../support/program.ts";
import { canMount, mountSmallDisk, type SmallDisk } from "../../support/small-disk.ts";

const main = new URL("../../../src/cli/main.ts", import.meta.url).pathname;
const isRoot = process.getuid?.() === 0;

/** Creates a data directory with a store, and a file of records beside it. */
async function inputs(): Promise<{ readonly data: string; readonly records: string }> {
  const data = await dataDirectory();
  const records = join(await dataDirectory(), "records.ndjson");
  writeFileSync(records, "{}\n");
  expect(await runProgram(["import", "/dev/null", "--data", data])).toMatchObject({ exitCode: 0 });
  return { data, records };
}

/** Commands that need to write into `data`, or beside it. */
const writers = (
  data: string,
  from: { readonly data: string; readonly records: string },
): readonly (readonly string[])[] => [
  ["token", "--operator", "65001", "--data", data],
  ["serve", "--port", "0", "--data", data],
  ["service-account", "create", "--operator", "65009", "--name", "new", "--data", data],
  ["import", "/dev/null", "--data", data],
  ["export", join(data, "out.ndjson"), "--data", from.data],
  [
    ...["push", from.records, "--endpoint", "http://127.0.0.1:1", "--token", "t", "--operator", "65001"],
    ...["--client", "any", "--user-key-field", "msisdn", "--runs", join(data, "runs")],
  ],
];

/** The command must fail with one line that has the reason and what to do. */
function expectAdvice({ stderr, exitCode }: Outcome, pattern: RegExp): void {
  expect(stderr).toMatch(pattern);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(exitCode).toBe(1);
}

describe.skipIf(!canMount())("a full disk (requires root to mount one)", () => {
  function smallDisk(): SmallDisk & { readonly data: string } {
    const disk = mountSmallDisk(1);
    onTestFinished(() => disk.remove());
    return { ...disk, data: join(disk.directory, "data") };
  }

  const account = async (data: string, ...args: string[]) =>
    runProgram(["service-account", ...args, "--data", data]);

  it("does not prevent that accounts are linked, unlinked and revoked, and keys removed", async () => {
    const disk = smallDisk();
    const other = await dataDirectory();
    const created = await account(disk.data, "create", "--operator", "65001");
    await account(disk.data, "create", "--operator", "65002");
    const { private_key_id: keyId } = JSON.parse(created.stdout) as { private_key_id: string };
    disk.fill();
    for (const args of [
      ["link", "operator-65001", "65003"],
      ["unlink", "operator-65001", "65003"],
      ["remove-key", "operator-65001", keyId],
      ["revoke", "operator-65002"],
      ["revoke", "operator-65001"],
    ]) {
      expect(await account(disk.data, ...args)).toMatchObject({ exitCode: 0, stderr: "" });
    }
    const { stdout } = await account(disk.data, "list", "--json");
    const rows = JSON.parse(stdout) as { revoked?: string }[];
    expect(rows.map(({ revoked }) => typeof revoked)).toEqual(["string", "string"]);
    disk.clear();
    expect(await account(disk.data, "create", "--operator", "65001")).toMatchObject({ exitCode: 0 });
    expect(await runProgram(["check", "--data", disk.data, "--store", `sqlite:${other}`])).toMatchObject({
      stderr: "",
    });
  });

  it("makes every command that needs space say so in one line", async () => {
    const disk = smallDisk();
    mkdirSync(disk.data, { mode: 0o700 });
    const from = await inputs();
    disk.fill();
    for (const args of writers(disk.data, from)) {
      expectAdvice(await runProgram(args), /free space on the disk/);
    }
  });

  it("makes an export fail with one line", async () => {
    const disk = smallDisk();
    const { data } = await inputs();
    disk.fill();
    const file = join(disk.directory, "plans.ndjson");
    expectAdvice(
      await runProgram(["export", file, "--data", data]),
      /plans\.ndjson cannot be written: ENOSPC: .*; free space on the disk\. Then continue the export with --resume/,
    );
  });

  it("makes a server that stopped and starts again say so in one line", async () => {
    const disk = smallDisk();
    const server = await startServe(disk.data);
    server.process.kill("SIGTERM");
    await server.ended;
    disk.fill();
    expectAdvice(
      await runProgram(["serve", "--port", "0", "--data", disk.data]),
      /plans\.sqlite cannot be .*free space/,
    );
  });
});

describe.skipIf(!canMount())("a read-only file system (requires root to mount one)", () => {
  it("makes every command that writes say so in one line", async () => {
    const disk = mountSmallDisk(1);
    onTestFinished(() => disk.remove());
    const data = join(disk.directory, "data");
    await printToken(data);
    const from = await inputs();
    disk.makeReadOnly();
    const account = ["service-account", "revoke", "operator-65001", "--data", data];
    for (const args of [account, ...writers(data, from).slice(1)]) {
      expectAdvice(await runProgram(args), /EROFS|read-only/);
    }
  });
});

describe.skipIf(process.platform === "win32")("a limit on the size of files", () => {
  /** Runs the program with `ulimit -f 0`. */
  async function runLimited(args: readonly string[]): Promise<Outcome> {
    const script = 'ulimit -f 0; exec "$@"';
    const shell = ["-c", script, "limited", process.execPath, main, ...args];
    return promisify(execFile)("bash", shell, { env: { ...process.env, NODE_COMPILE_CACHE: "" } }).then(
      (output) => ({ ...output, exitCode: 0, signal: null }),
      (error) => ({ ...error, exitCode: error.code, signal: error.signal }),
    );
  }

  it("makes every command that writes say so in one line, and kills none", async () => {
    for (const args of writers(await dataDirectory(), await inputs())) {
      expectAdvice(await runLimited(args), /ulimit -f/);
    }
  });
});

describe.skipIf(process.platform !== "linux")("a standard output on a full disk", () => {
  async function runInto(file: string, args: readonly string[]) {
    const shell = ["-c", 'out=$1; shift; exec "$@" > "$out"', "full", file, process.execPath, main, ...args];
    return promisify(execFile)("bash", shell).then(
      ({ stderr }) => ({ stderr, exitCode: 0 }),
      (error) => ({ stderr: error.stderr as string, exitCode: error.code as number }),
    );
  }

  it("makes a command fail with one line", async () => {
    const data = await dataDirectory();
    await printToken(data);
    const outcome = await runInto("/dev/full", ["token", "--operator", "65001", "--data", data]);
    expect(outcome).toEqual({
      stderr:
        "mdps: standard output cannot be written: ENOSPC: no space left on device, write; free space on the disk\n",
      exitCode: 1,
    });
  });

  it("makes the creation of a key say how to remove the key that was lost", async () => {
    const data = await dataDirectory();
    const args = ["service-account", "create", "--operator", "65001", "--data", data];
    const { stderr, exitCode } = await runInto("/dev/full", args);
    expect(exitCode).toBe(1);
    const [, command = ""] = /Remove the key: npm run -s mdps -- (.*), and make/.exec(stderr) ?? [];
    const removed = await runProgram(command.split(" "));
    expect(removed).toMatchObject({ exitCode: 0 });
  });
});

it.skipIf(isRoot)("commands say in one line that a directory cannot be written", async () => {
  const data = await dataDirectory();
  writeFileSync(join(data, "service-accounts.json"), "{}", { mode: 0o600 });
  chmodSync(data, 0o500);
  onTestFinished(() => chmodSync(data, 0o700));
  for (const args of [
    ["service-account", "revoke", "x", "--data", data],
    ...writers(data, await inputs()).slice(0, 3),
  ]) {
    expectAdvice(await runProgram(args), /EACCES/);
  }
});
