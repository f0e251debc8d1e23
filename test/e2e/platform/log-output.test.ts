import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { dataDirectory } from "../../support/data-directory.ts";
import { type Program, printToken, startProgram } from "../../support/program.ts";
import { canMount, mountSmallDisk } from "../../support/small-disk.ts";

const main = new URL("../../../src/cli/main.ts", import.meta.url).pathname;

const settings = { MDPS_LIMITS_MAX_EVENT_LOOP_DELAY: "0s" };
const serve = (data: string, workers: number) => [
  ...["serve", "--port", "0", "--data", data, "--log-level", "debug", "--workers", `${workers}`],
];

type Serving = Program & { readonly url: string; readonly data: string };

/** Starts a server whose standard error is a file. */
async function startServeInto(log: string, workers: number, before = ":"): Promise<Serving> {
  const data = await dataDirectory();
  const script = `${before}; log=$1; shift; exec "$@" 2>> "$log"`;
  const program = startProgram(serve(data, workers), {
    command: ["bash", "-c", script, "serve", log, process.execPath, main],
    env: settings,
  });
  const [, url = ""] = /listens on (\S+),/.exec(await program.printed(/listens on/)) ?? [];
  return { ...program, url, data };
}

/** Every push must be acknowledged. */
async function expectAnswers(url: string, data: string, calls: number): Promise<void> {
  const token = await printToken(data);
  const statuses = new Set<number>();
  for (let call = 0; call < calls; call += 1) {
    const answer = await fetch(`${url}/v1/operators/65001/planGroups`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ planGroupId: `group-${call}` }),
    });
    await answer.arrayBuffer();
    statuses.add(answer.status);
  }
  expect([...statuses]).toEqual([200]);
}

/** The server must answer more calls than a pipe has space for lines, and then stop. */
async function expectService({ process, ended, url, data }: Serving): Promise<void> {
  await expectAnswers(url, data, 400);
  process.kill("SIGTERM");
  expect(await ended).toMatchObject({ exitCode: 0, signal: null });
}

/** Creates a pipe with a reader that does not read. */
async function openPipe() {
  const path = join(await dataDirectory(), "log");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  let isOpen = true;
  const close = () => {
    if (isOpen) {
      isOpen = false;
      closeSync(reader);
    }
  };
  onTestFinished(close);
  return { path, close };
}

describe.skipIf(process.platform !== "linux").each([1, 2])(
  "a server with %d processes serves and stops",
  (workers) => {
    it.skipIf(!canMount())("with its log on a full disk (requires root to mount one)", async () => {
      const disk = mountSmallDisk(1);
      onTestFinished(() => disk.remove());
      const log = join(disk.directory, "log");
      writeFileSync(log, "");
      disk.fill();
      await expectService(await startServeInto(log, workers));
      expect(statSync(log).size).toBe(0);
    });

    it("with a log that has reached the limit on the size of files", async () => {
      const log = join(await dataDirectory(), "log");
      const limit = 16 * 1024 * 1024;
      writeFileSync(log, "");
      truncateSync(log, limit);
      await expectService(await startServeInto(log, workers, `ulimit -f ${limit / 1024}`));
      expect(statSync(log).size).toBe(limit);
    });

    it("with a log whose reader does not read", async () => {
      const { path } = await openPipe();
      await expectService(await startServeInto(path, workers));
    });

    it("with a socket for its log whose reader does not read", async () => {
      const data = await dataDirectory();
      const child = spawn(process.execPath, [main, ...serve(data, workers)], {
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, ...settings },
      });
      onTestFinished(() => {
        child.kill("SIGKILL");
      });
      const ended = once(child, "exit");
      const [line] = await once(child.stdout, "data");
      const [, url = ""] = /listens on (\S+),/.exec(String(line)) ?? [];
      await expectAnswers(url, data, 1000);
      child.kill("SIGTERM");
      expect(await ended).toEqual([0, null]);
    });

    it("with a log whose reader has ended", async () => {
      const { path, close } = await openPipe();
      const server = await startServeInto(path, workers);
      close();
      await expectService(server);
    });
  },
);

it.skipIf(!canMount())(
  "the log goes on when a full disk has space again (requires root to mount one)",
  async () => {
    const disk = mountSmallDisk(1);
    onTestFinished(() => disk.remove());
    const log = join(disk.directory, "log");
    writeFileSync(log, "");
    disk.fill();
    const server = await startServeInto(log, 1);
    await (await fetch(`${server.url}/none`)).text();
    disk.clear();
    await expect.poll(() => readFileSync(log, "utf8")).toContain('"httpStatus":404');
    server.process.kill("SIGTERM");
    await server.ended;
    const messages = readFileSync(log, "utf8")
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages).toEqual(["listening", "request", "stopping", "stopped"]);
  },
);
