import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createPlanSharingClient } from "../../src/client/index.ts";
import { apiErrorOf } from "../support/api-error.ts";
import { dataDirectory } from "../support/data-directory.ts";
import { printToken, runProgram, startServe } from "../support/program.ts";
import { cluster, missing } from "./provided.ts";

const parent = "operators/65001";

async function mdps(...args: string[]) {
  const outcome = await runProgram(args);
  expect(outcome).toMatchObject({ exitCode: 0 });
  return outcome;
}

describe.skipIf(missing)(`mdps with CQL${missing && ` (skipped: ${missing})`}`, () => {
  test("mdps serve names mdps store init, and then two servers of one keyspace return each other's pushes", async () => {
    const directory = await dataDirectory();
    const url = cluster.url("program");
    const args = ["serve", "--port", "0", "--data", directory, "--store", url];
    const before = await runProgram(args);
    expect(before.stderr).toMatch(/^mdps: .*"program".*mdps store init/);
    expect(before.stderr).not.toContain("a/b:c@d");

    expect((await mdps("store", "init", "--store", url)).stdout).toMatch(/keyspace and tables exist/);
    await mdps("store", "init", "--store", url);
    const [one, other] = await Promise.all([
      startServe(directory, ["--store", url]),
      startServe(directory, ["--store", url]),
    ]);
    const push = createPlanSharingClient({
      endpoint: one.url,
      protocol: "grpc",
      token: await printToken(directory),
    });
    const read = createPlanSharingClient({
      endpoint: other.url,
      protocol: "rest",
      token: await printToken(directory, "--access", "read"),
    });
    const at = (seconds: number) => ({ seconds: BigInt(seconds), nanos: 0 });
    const create = (seconds: number) =>
      push.createPlanGroup({
        parent,
        planGroupId: "k",
        planGroup: { lastUpdatedTime: at(seconds) },
      });
    await create(1_790_000_000);
    expect((await read.getPlanGroup({ name: `${parent}/planGroups/k` })).lastUpdatedTime).toMatchObject(
      at(1_790_000_000),
    );
    expect(await apiErrorOf(create(1_789_999_999))).toMatchObject({ reason: "PLAN_GROUP_STALE" });
  });

  test("records are identical after an export from SQLite, an import into Cassandra and the way back", async () => {
    const [from, back] = [await dataDirectory(), await dataDirectory()];
    const server = await startServe(from);
    const client = createPlanSharingClient({
      endpoint: server.url,
      protocol: "connect",
      token: await printToken(from),
    });
    const ids = Array.from({ length: 300 }, (_, index) => `group/${index}é`);
    await Promise.all(ids.map((planGroupId) => client.createPlanGroup({ parent, planGroupId })));
    const url = cluster.url("moved");
    await mdps("store", "init", "--store", url);
    const file = join(from, "plans.ndjson");
    const [sum = ""] = (await mdps("export", file, "--data", from)).stderr.split("\n");
    expect((await mdps("import", file, "--store", url)).stderr).toMatch(/: 300 stored, 0 older/);
    const rejected = await runProgram(["export", "--sum-only", "--store", url]);
    expect(rejected).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/^mdps: Cassandra has no snapshot.*--no-snapshot/),
    });
    expect((await mdps("export", "--sum-only", "--no-snapshot", "--store", url)).stderr).toMatch(
      `${sum}\nno consistent snapshot`,
    );
    const again = join(back, "again.ndjson");
    await mdps("export", again, "--no-snapshot", "--store", url);
    await mdps("import", again, "--data", back);
    expect((await mdps("export", "--sum-only", "--data", back)).stderr).toMatch(sum);
  });
});
