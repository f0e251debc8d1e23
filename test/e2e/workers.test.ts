import { execFile } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { createPlanSharingClient, planStatusOf } from "../../src/client/index.ts";
import { systemClock } from "../../src/contract/clock.ts";
import { apiErrorOf } from "../support/api-error.ts";
import { makeAccount, requestToken, signAssertion } from "../support/auth/service-accounts.ts";
import { dataDirectory } from "../support/data-directory.ts";
import { scrape, sumOf } from "../support/http/exposition.ts";
import { type Program, printToken, runProgram, startServe } from "../support/program.ts";

const parent = "operators/65001";
const admin = ["--admin", "127.0.0.1:0"];

type Server = Awaited<ReturnType<typeof startServe>>;

const statusOf = (title: string) =>
  planStatusOf({ languageCode: "en-US", title, expireTime: timestampFromMs(Date.UTC(2199, 0)) });

/** Pushes each status over a new connection, so that the processes take turns. */
async function pushEach(server: Server, token: string, keys: readonly string[]): Promise<void> {
  for (const userKey of keys) {
    // A client reuses its connections, each of which belongs to one process.
    const client = createPlanSharingClient({ endpoint: server.url, protocol: "rest", token });
    await client.createPlanStatus({ parent, userKey, planStatus: statusOf(userKey) });
  }
}

/** Returns the child processes of a program. */
async function childrenOf({ process: { pid } }: Program): Promise<number[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid="]);
  const pairs = stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/ +/).map(Number));
  return pairs.flatMap(([child, parentId]) => (child !== undefined && parentId === pid ? [child] : []));
}

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe("mdps serve --workers", () => {
  it("serves one port and one store with several processes, and sums their metrics", async () => {
    const directory = await dataDirectory();
    const server = await startServe(directory, ["--workers", "2", ...admin]);
    const [token, readToken] = await Promise.all([
      printToken(directory),
      printToken(directory, "--access", "read"),
    ]);
    const keys = Array.from({ length: 20 }, (_, index) => `user-${index}`);
    await pushEach(server, token, keys);
    const reader = createPlanSharingClient({ endpoint: server.url, protocol: "grpc", token: readToken });
    for (const key of keys) {
      const { title } = await reader.getPlanStatus({ name: `${parent}/planStatuses/${key}` });
      expect(title).toBe(key);
    }
    const samples = await scrape(server.adminUrl);
    expect(
      sumOf(samples, "rpc_server_call_duration_seconds_count", {
        rpc_system_name: "rest",
        rpc_response_status_code: "OK",
      }),
    ).toBe(keys.length);
    expect(sumOf(samples, "mdps_ready")).toBe(2);
    expect(sumOf(samples, "mdps_build_info")).toBe(1);
    expect((await fetch(`${server.adminUrl}/readyz`)).status).toBe(200);
    server.process.kill("SIGTERM");
    expect(await server.ended).toMatchObject({ exitCode: 0, stderr: "" });
  });

  it("replaces a process that dies, and stops all processes on SIGTERM", async () => {
    const directory = await dataDirectory();
    const server = await startServe(directory, ["--workers", "2", ...admin]);
    const token = await printToken(directory);
    const before = await childrenOf(server);
    expect(before).toHaveLength(2);
    process.kill(before[0] ?? 0, "SIGKILL");
    await expect.poll(async () => sumOf(await scrape(server.adminUrl), "mdps_worker_restarts_total")).toBe(1);
    await expect.poll(async () => sumOf(await scrape(server.adminUrl), "mdps_ready")).toBe(2);
    const after = await childrenOf(server);
    expect(after).toHaveLength(2);
    await pushEach(server, token, ["a", "b", "c", "d"]);
    server.process.kill("SIGTERM");
    expect((await server.ended).exitCode).toBe(0);
    expect([...before, ...after].filter(isAlive)).toEqual([]);
  });

  it("leaves no worker behind when the primary is killed", async () => {
    const server = await startServe(await dataDirectory(), ["--workers", "2"]);
    const pids = await childrenOf(server);
    expect(pids).toHaveLength(2);
    server.process.kill("SIGKILL");
    await expect.poll(() => pids.filter(isAlive)).toEqual([]);
  });

  it("applies the rate of an operator to all processes together", async () => {
    const directory = await dataDirectory();
    const rate = ["--set", "limits.operatorRate.perSecond=0.001", "--set", "limits.operatorRate.burst=5"];
    const server = await startServe(directory, ["--workers", "2", ...rate]);
    const token = await printToken(directory);
    await pushEach(server, token, ["a", "b", "c", "d", "e"]);
    for (const userKey of ["f", "g"]) {
      const client = createPlanSharingClient({ endpoint: server.url, protocol: "rest", token, retry: false });
      const push = client.createPlanStatus({ parent, userKey, planStatus: statusOf("") });
      expect((await apiErrorOf(push)).reason).toBe("OPERATOR_RATE_EXCEEDED");
    }
  });

  it("applies the rate of an operator to the tokens that all processes grant together", async () => {
    const directory = await dataDirectory();
    const rate = ["--set", "limits.operatorRate.perSecond=0.001", "--set", "limits.operatorRate.burst=5"];
    const server = await startServe(directory, ["--workers", "2", ...rate]);
    const key = await makeAccount({ directory, url: server.url });
    // Concurrent requests are sent over several connections, and thus to both processes.
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, at) =>
        requestToken(server, await signAssertion({ clock: systemClock }, key, { jti: String(at) })),
      ),
    );
    const statuses = answers.map(({ status }) => status).toSorted();
    expect(statuses).toEqual([...Array(5).fill(200), ...Array(15).fill(429)]);
    expect(await readdir(join(directory, "used-assertions"))).toHaveLength(5);
  });

  it("prints the error of a failed start once", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = taken.address();
    const port = typeof address === "object" ? String(address?.port) : "";
    const outcome = await runProgram([
      "serve",
      "--workers",
      "3",
      "--port",
      port,
      "--data",
      await dataDirectory(),
    ]);
    taken.close();
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr.match(/is in use by another program/g)).toHaveLength(1);
  });
});
