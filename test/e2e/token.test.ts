import { join } from "node:path";
import { decodeJwt } from "jose";
import { describe, expect, it } from "vitest";
import { createPlanSharingClient } from "../../src/client/client.ts";
import { apiErrorOf } from "../support/api-error.ts";
import { dataDirectory } from "../support/data-directory.ts";
import { runProgram, startServe } from "../support/program.ts";

const token = (directory: string, ...args: string[]) => runProgram(["token", "--data", directory, ...args]);

describe("mdps token", () => {
  it("prints a token that a running server accepts for pushing to one operator only", async () => {
    const directory = await dataDirectory();
    const server = await startServe(directory);
    const { stdout, stderr, exitCode } = await token(directory, "--operator", "65001");
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const client = createPlanSharingClient({
      endpoint: server.url,
      protocol: "connect",
      token: stdout.trim(),
    });
    await client.createPlanGroup({ parent: "operators/65001", planGroupId: "k" });
    expect(
      await apiErrorOf(client.createPlanGroup({ parent: "operators/65002", planGroupId: "k" })),
    ).toMatchObject({ reason: "OPERATOR_NOT_LINKED" });
    const read = client.getPlanGroup({ name: "operators/65001/planGroups/k" });
    expect(await apiErrorOf(read)).toMatchObject({ reason: "SCOPE_INSUFFICIENT" });
  });

  it.each([
    ["--access read", ["--access", "read"]],
    ["--read", ["--read"]],
  ])("prints a token for reading only with %s", async (_, args) => {
    const directory = await dataDirectory();
    const server = await startServe(directory);
    const { stdout } = await token(directory, "--operator", "65001", ...args);
    const client = createPlanSharingClient({ endpoint: server.url, protocol: "rest", token: stdout.trim() });
    const read = client.getPlanGroup({ name: "operators/65001/planGroups/k" });
    expect(await apiErrorOf(read)).toMatchObject({ reason: "PLAN_GROUP_NOT_FOUND" });
    const push = client.createPlanGroup({ parent: "operators/65001", planGroupId: "k" });
    expect(await apiErrorOf(push)).toMatchObject({ reason: "SCOPE_INSUFFICIENT" });
  });

  it.each([
    ["one hour by default", [], 3600],
    ["the lifetime of --expires", ["--expires", "60"], 60],
  ])("prints a token that is valid for %s", async (_, args, seconds) => {
    const { stdout } = await token(await dataDirectory(), "--operator", "4294967295", ...args);
    const { iat = 0, exp = 0, asns } = decodeJwt(stdout.trim());
    expect(exp - iat).toBe(seconds);
    expect(asns).toEqual([4_294_967_295]);
  });

  it("says that it made a new installation, where the server may have another", async () => {
    const directory = join(await dataDirectory(), "wrong");
    const first = await token(directory, "--operator", "65001");
    expect(first).toMatchObject({
      stdout: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+\n$/),
      stderr: `mdps: this made a new installation in ${directory}. A running server with another data directory does not accept this token: pass its directory with --data or MDPS_DATA\n`,
      exitCode: 0,
    });
    expect(await token(directory, "--operator", "65001")).toMatchObject({ stderr: "", exitCode: 0 });
  });
});
