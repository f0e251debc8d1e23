import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { exampleStatus } from "../../../src/examples/index.ts";
import { dataDirectory } from "../../support/data-directory.ts";
import { type Program, type ProgramOptions, startProgram } from "../../support/program.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../../..");

type Ready = { url: string; operator: number; token: string; data: string };

/** Starts the emulator on a free port and waits for its line of JSON. */
async function startDev(
  args: readonly string[],
  options?: ProgramOptions,
): Promise<Program & { readonly ready: Ready }> {
  const program = startProgram(["dev", "--port", "0", "--json", "--log-level", "error", ...args], options);
  const ready = JSON.parse(await program.printed(/\n/)) as Ready;
  return { ...program, ready };
}

/** Starts the emulator on a free port and waits for its banner. */
async function startWithBanner(args: readonly string[], options?: ProgramOptions) {
  const program = startProgram(["dev", "--port", "0", "--log-level", "error", ...args], options);
  const banner = await program.printed(/^Guide .*\n/m);
  const [line = ""] = /^.* example.* \| curl .*$/m.exec(banner) ?? [];
  return { ...program, banner, line };
}

const userPath = "/v1/operators/65001/clients/mobiledataplan/users/a%2Fb%2Bc%3D%3D/planStatus";

async function push({ url, token }: Ready): Promise<number> {
  const { status } = await fetch(url + userPath, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(exampleStatus(new Date())),
  });
  return status;
}

async function read({ url, token }: Ready): Promise<number> {
  return (await fetch(url + userPath, { headers: { authorization: `Bearer ${token}` } })).status;
}

async function stop(program: Program, signal: NodeJS.Signals = "SIGTERM") {
  program.process.kill(signal);
  return program.ended;
}

/** Pastes a line into a shell in the clone and returns the name of the status that was pushed. */
async function paste(line: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { stdout } = await run("sh", ["-c", line], { cwd: root, env: { ...process.env, ...env } });
  return (JSON.parse(stdout) as { name: string }).name;
}

describe("mdps dev", () => {
  it("prints one line of JSON when it is ready, with a token for pushes and reads, and ends without a trace", async () => {
    const data = await dataDirectory();
    const emulator = await startDev(["--data", data, "--operator", "4294967295"]);
    expect(emulator.ready).toEqual({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      operator: 4294967295,
      token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      data,
      anyToken: false,
      exposeControl: false,
    });
    const named = { ...emulator.ready, url: emulator.ready.url };
    const path = userPath.replace("65001", "4294967295");
    const headers = { authorization: `Bearer ${named.token}`, "content-type": "application/json" };
    const body = JSON.stringify(exampleStatus(new Date()));
    expect((await fetch(named.url + path, { method: "POST", headers, body })).status).toBe(200);
    expect((await fetch(named.url + path, { headers })).status).toBe(200);
    expect(await push(named)).toBe(403);
    expect(await (await fetch(`${named.url}/emulator/v1/clock`)).json()).toMatchObject({ mode: "REAL" });
    const { exitCode, stdout, stderr } = await stop(emulator);
    expect({ exitCode, stderr, lines: stdout.match(/\n/g)?.length }).toEqual({
      exitCode: 0,
      stderr: "",
      lines: 1,
    });
    // The records were in memory.
    expect(await readdir(data)).not.toContain("plans.sqlite");
  });

  it("keeps what was pushed over a restart with --persist, as npm start does", async () => {
    const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    expect(scripts.start).toMatch(/ src\/cli\/main\.ts dev --persist$/);
    const data = await dataDirectory();
    const first = await startDev(["--persist", "--data", data]);
    expect(await push(first.ready)).toBe(200);
    await stop(first);
    const again = await startDev(["--persist", "--data", data]);
    expect(await read(again.ready)).toBe(200);
    await stop(again);
  });

  it("prints a command that pushes an example when a shell in the clone runs it", async () => {
    const home = await dataDirectory();
    const env = { XDG_DATA_HOME: home };
    const { banner, line } = await startWithBanner([], { env });
    expect(banner).toContain("Records are in memory");
    expect(line).toMatch(/^npm run -s mdps -- example \| curl /);
    expect(line.length).toBeLessThan(300);
    expect(await paste(line, env)).toBe("operators/65001/planStatuses/a%2Fb+c==");
  });

  it("prints a command that pushes with its clock, in a directory that a shell must quote", async () => {
    const data = join(await dataDirectory(), "it's $HOME");
    const shifted = await startWithBanner(["--now", "2040-02-29T12:00:00Z", "--frozen", "--data", data]);
    expect(shifted.banner).toContain("2040-02-29T12:00:00.000Z");
    expect(await paste(shifted.line)).toBe("operators/65001/planStatuses/a%2Fb+c==");
    const real = await startWithBanner(["--data", data]);
    expect(real.line).toContain(" --data ");
    expect(await paste(real.line)).toBe("operators/65001/planStatuses/a%2Fb+c==");
  });

  it("accepts pushes without a token with --any-token, and says so loudly", async () => {
    const data = await dataDirectory();
    const { banner, line } = await startWithBanner(["--any-token", "--expose-control", "--data", data]);
    expect(banner).toContain("ANY TOKEN IS ACCEPTED");
    expect(banner).toContain("ANY MACHINE MAY CONTROL IT");
    expect(line).not.toContain("Authorization");
    expect(await paste(line)).toBe("operators/65001/planStatuses/a%2Fb+c==");
  });

  it("serves, and stops with 0, if its banner cannot be written", async () => {
    const log = join(await dataDirectory(), "log");
    const program = startProgram(["dev", "--port", "0", "--data", await dataDirectory()], {
      // The shell stops the emulator once it has said that it cannot write.
      command: [
        "sh",
        "-c",
        'mkfifo "$LOG"; "$0" "$@" >/dev/full 2>"$LOG" & grep -m 1 "cannot be written" "$LOG"; kill -TERM $!; wait $!; echo "exit $?"',
        process.execPath,
        join(root, "src/cli/main.ts"),
      ],
      env: { LOG: log },
    });
    expect((await program.ended).stdout).toMatch(/^mdps: standard output cannot be written: .*\nexit 0\n$/);
  });

  it("starts without a home directory, in a temporary directory that it removes at the end", async () => {
    const env = { HOME: "", XDG_DATA_HOME: "" };
    const emulator = await startDev([], { env });
    expect(await push(emulator.ready)).toBe(200);
    expect(await readdir(emulator.ready.data)).toContain("signing-key.json");
    expect(await stop(emulator, "SIGINT")).toMatchObject({ exitCode: 0, stderr: "" });
    await expect(readdir(emulator.ready.data)).rejects.toThrow("ENOENT");
    // A directory that cannot be created is none.
    const other = await startDev([], { env: { HOME: "", XDG_DATA_HOME: "/proc/none" } });
    expect(other.ready.data).not.toContain("/proc");
    await stop(other);
  });
});

describe("--import and --export-on-exit of mdps dev", () => {
  it("carry the records from one run to the next, also from no file to the first one", async () => {
    const folder = await dataDirectory();
    const file = join(folder, "state.ndjson");
    const args = ["--data", folder, "--import", file, "--export-on-exit", file];
    const first = await startDev(args);
    expect(await push(first.ready)).toBe(200);
    expect(await stop(first)).toMatchObject({ exitCode: 0, stderr: "" });
    const exported = await readFile(file, "utf8");
    expect(exported.trimEnd().split("\n")).toHaveLength(1);
    expect(JSON.parse(exported)).toMatchObject({ parent: "operators/65001", userKey: "a/b+c==" });
    const second = await startDev(args);
    expect(await read(second.ready)).toBe(200);
    expect(await stop(second, "SIGINT")).toMatchObject({ exitCode: 0 });
    expect(await readFile(file, "utf8")).toBe(exported);
    expect((await readdir(folder)).filter((name) => name.startsWith("state"))).toEqual(["state.ndjson"]);
  });

  it("report a failed export with exit code 1 and leave the old file as it was", async () => {
    const folder = await dataDirectory();
    const file = join(folder, "state.ndjson");
    await writeFile(file, "old\n");
    // Files may have 512 bytes: enough for the key, not for the status.
    const command = [
      "sh",
      "-c",
      'ulimit -f 1; exec "$0" "$@"',
      process.execPath,
      join(root, "src/cli/main.ts"),
    ];
    const env = { NODE_COMPILE_CACHE: "" };
    const emulator = await startDev(["--data", folder, "--export-on-exit", file], {
      command: command as [string, ...string[]],
      env,
    });
    expect(await push(emulator.ready)).toBe(200);
    const { exitCode, stderr } = await stop(emulator);
    expect(stderr).toContain(`mdps: the records cannot be exported to ${file}, which is unchanged: EFBIG`);
    expect(exitCode).toBe(1);
    expect(await readFile(file, "utf8")).toBe("old\n");
    expect((await readdir(folder)).filter((name) => name.startsWith("state"))).toEqual(["state.ndjson"]);
  });
});

describe("mdps dev does not start", () => {
  it.each<[string, string[], RegExp]>([
    ["several workers", ["--workers", "2"], /--workers \(lifecycle\.workers\) is 2/],
    ["two stores", ["--persist", "--store", "memory:"], /--persist .* give one of the two/],
    ["a missing file to import", ["--import", "/nonexistent"], /\/nonexistent does not exist/],
    [
      "an invalid file to import",
      ["--import", "package.json"],
      /--import: package\.json: line 1: .*Fix the line/,
    ],
    ["an export into a missing directory", ["--export-on-exit", "/nonexistent/x"], /\/nonexistent/],
    ["an export to a directory", ["--export-on-exit", "/"], /is not a regular file/],
    ["another host without TLS", ["--host", "0.0.0.0"], /without TLS, tokens .*--allow-cleartext/],
  ])("with %s, and says why", async (_, args, message) => {
    const program = startProgram(["dev", "--port", "0", "--data", await dataDirectory(), ...args]);
    const { exitCode, stdout, stderr } = await program.ended;
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("    at ");
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
  });

  it("without a home directory with --persist, and names --data", async () => {
    const env = { HOME: "", XDG_DATA_HOME: "" };
    const { exitCode, stderr } = await startProgram(["dev", "--persist", "--port", "0"], { env }).ended;
    expect(stderr).toContain("--persist requires a data directory");
    expect(exitCode).toBe(1);
  });

  it("on the port of another emulator, and says how to choose another", async () => {
    const first = await startDev(["--data", await dataDirectory()]);
    const { port } = new URL(first.ready.url);
    const second = startProgram(["dev", "--port", port, "--data", await dataDirectory()]);
    const { exitCode, stderr } = await second.ended;
    expect(stderr).toContain("Choose another port with --port (listen.port), or --port 0 for a free one.");
    expect(exitCode).toBe(1);
  });
});
