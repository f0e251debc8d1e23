import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "#deps/grpc/health/v1/health_pb.js";
import { createPlanSharingClient } from "../../src/client/index.ts";
import { openStore } from "../../src/store/open-store.ts";
import {
  type PostgresServer,
  startPostgresServer,
  superuserPassword,
  whyNoPostgres,
} from "../store/postgres/server.ts";
import { apiErrorOf } from "../support/api-error.ts";
import { dataDirectory } from "../support/data-directory.ts";
import { printToken, runProgram, startServe } from "../support/program.ts";

const whyNot = whyNoPostgres();

describe.skipIf(whyNot)(`mdps with PostgreSQL${whyNot === undefined ? "" : ` (skipped: ${whyNot})`}`, () => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await startPostgresServer();
  });
  afterAll(() => postgres?.remove());

  const parent = "operators/65001";

  async function servers(directory: string) {
    const args = ["--store", postgres.url];
    const [one, other] = await Promise.all([startServe(directory, args), startServe(directory, args)]);
    const [push, read] = await Promise.all([
      printToken(directory),
      printToken(directory, "--access", "read"),
    ]);
    const client = (server: { url: string }, token: string) =>
      createPlanSharingClient({ endpoint: server.url, protocol: "connect", token, retry: false });
    const health = createClient(Health, createGrpcTransport({ baseUrl: one.url }));
    return { health, push: client(one, push), readOther: client(other, read) };
  }

  it("serves the same records from two servers, and is checked while they run", async () => {
    const directory = await dataDirectory();
    const { push, readOther } = await servers(directory);
    await push.createPlanGroup({ parent, planGroupId: "both" });
    expect((await readOther.getPlanGroup({ name: `${parent}/planGroups/both` })).name).toMatch(/both$/);

    const check = ["check", "--data", directory, "--store", postgres.url];
    const whole = await runProgram(check);
    expect(whole.stdout).toMatch(/^checked \d+ files and 1 records: no problems found\n$/);
    expect(whole.exitCode).toBe(0);
    const store = await openStore(postgres.url);
    const key = { kind: "planStatus", asn: 65001, clientId: "", id: "447700900123" } as const;
    const value = Buffer.from([0xff]);
    await store.put({ key, updateTime: undefined, expiresAtMs: undefined, value });
    const { stdout, exitCode } = await runProgram(check);
    await store.put({ key, updateTime: undefined, expiresAtMs: 1, value });
    await store.close();
    expect(stdout).toMatch(
      /^error {4}planStatus of operators\/65001, id of SHA-256 [0-9a-f]{16}…: its value of 1 bytes is not a planStatus/,
    );
    expect(stdout).not.toContain("447700900123");
    expect(exitCode).toBe(1);
  });

  it("answers UNAVAILABLE while the database is down, and recovers without a restart", async () => {
    const { push, health } = await servers(await dataDirectory());
    const status = async () => (await health.check({})).status;
    expect(await status()).toBe(ServingStatus.SERVING);
    const create = (planGroupId: string) => push.createPlanGroup({ parent, planGroupId });
    await create("before");
    await postgres.kill();
    const error = await apiErrorOf(create("down"));
    expect(error).toMatchObject({ code: "Unavailable", reason: "STORE_UNAVAILABLE" });
    expect(error.message).not.toContain("password");
    await expect.poll(status).toBe(ServingStatus.NOT_SERVING);
    await postgres.start();
    await expect.poll(() => create("after").then(() => "pushed", String)).toBe("pushed");
    await expect.poll(status).toBe(ServingStatus.SERVING);
  });

  it("preserves all records when they move from SQLite to PostgreSQL and back", async () => {
    const [from, back] = [await dataDirectory(), await dataDirectory()];
    const store = await openStore(`sqlite:${from}`);
    const ids = Array.from({ length: 1_200 }, (_, index) => `group ${index} é\u0001`);
    const empty = new Uint8Array(0);
    await Promise.all(
      ids.map((id) =>
        store.put({
          key: { kind: "planGroup", asn: 4_294_967_295, clientId: "", id },
          updateTime: undefined,
          expiresAtMs: undefined,
          value: empty,
        }),
      ),
    );
    await store.close();
    const mdps = async (...args: string[]) => {
      const { exitCode, stderr } = await runProgram(args);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringMatching(/^\d+ records/) });
      return stderr.split("\n")[0] as string;
    };
    const sum = await mdps("export", "--sum-only", "--data", from);
    const database = postgres.url.replace(/\/[^/]*$/, "/postgres");
    const file = join(from, "plans.ndjson");
    expect(await mdps("export", file, "--data", from)).toBe(sum);
    expect(await mdps("import", file, "--store", database)).toMatch(/: 1200 stored, 0 older/);
    const again = join(from, "again.ndjson");
    await mdps("export", again, "--store", database);
    await mdps("import", again, "--data", back);
    const read = await openStore(`sqlite:${back}`);
    for (const id of ids.slice(0, 50)) {
      expect(await read.get({ kind: "planGroup", asn: 4_294_967_295, clientId: "", id })).toEqual(empty);
    }
    await read.close();
  });

  it("fails to start without the database, and does not print the password", async () => {
    const url = postgres.url.replace(/:\d+\//, ":1/");
    const { exitCode, stderr } = await runProgram([
      "serve",
      "--port",
      "0",
      "--data",
      await dataDirectory(),
      "--store",
      url,
    ]);
    expect(stderr).toMatch(/^mdps: /);
    expect(stderr).not.toContain(encodeURIComponent(superuserPassword));
    expect(stderr).not.toContain(superuserPassword);
    expect(exitCode).toBe(1);
  });
});
