import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildGoTool, whatIsMissing } from "../../scripts/go-tool.ts";
import { createMethod, createRequest, runServer, runTool, serviceNames } from "./running-server.ts";

const missing = whatIsMissing();
if (missing !== undefined) {
  console.warn(`The tests with grpcurl are skipped: ${missing}.`);
}

describe.skipIf(missing !== undefined)("grpcurl", () => {
  const folder = mkdtempSync(join(tmpdir(), "mdps-grpcurl-"));
  let grpcurl = "";
  beforeAll(() => {
    grpcurl = buildGoTool("github.com/fullstorydev/grpcurl/cmd/grpcurl", folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs grpcurl in cleartext and without proto files. */
  const run = (...args: string[]) => runTool(grpcurl, ["-plaintext", "-max-time", "30", ...args]);

  it("grpcurl lists services and methods", async () => {
    const { host } = await runServer();
    const services = await run(host, "list");
    expect(services.stdout.trim().split("\n")).toEqual(serviceNames);
    const methods = await run(host, "list", "mobiledataplansharing.v1.PlanStatusService");
    expect(methods.stdout.trim().split("\n")).toEqual([
      "mobiledataplansharing.v1.PlanStatusService.CreatePlanStatus",
      "mobiledataplansharing.v1.PlanStatusService.CreateUserPlanStatus",
    ]);
  });

  it("grpcurl describes services, messages, fields and enums, with the options of google.api and buf.validate", async () => {
    const { host } = await runServer();
    const describing = async (symbol: string) => (await run(host, "describe", symbol)).stdout;
    expect(await describing("mobiledataplansharing.v1.PlanStatusService")).toMatch(
      /post: "\/v1\/\{parent=operators\/\*\}\/planStatuses"/,
    );
    expect(await describing("mobiledataplansharing.v1.CreateUserPlanStatusRequest")).toMatch(
      /\(.buf\.validate\.field\) = [^;]*max_len: 4096/,
    );
    expect(await describing("mobiledataplansharing.v1.ErrorReason")).toContain("FIELD_INVALID = 1");
    expect(await describing("mobiledataplansharing.v1.PlanStatus.plans")).toContain("repeated");
  });

  it("grpcurl calls a create with a token and shows the typed details of an error", async () => {
    const { host, token } = await runServer();
    const call = (request: string) =>
      run("-H", `authorization: Bearer ${token}`, "-d", request, host, createMethod);
    const { stdout, stderr } = await call(createRequest("a/b+c=="));
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toMatchObject({ name: "operators/65001/planStatuses/a%2Fb+c==" });
    const failed = await call('{"parent": "operators/65001"}');
    expect(failed.exitCode).not.toBe(0);
    expect(failed.stderr).toContain("Code: InvalidArgument");
    expect(failed.stderr).toContain('"reason": "FIELD_INVALID"');
    expect(failed.stderr).toContain("google.rpc.BadRequest");
  });

  it("grpcurl calls the health service", async () => {
    const { host } = await runServer();
    expect(JSON.parse((await run(host, "grpc.health.v1.Health/Check")).stdout)).toEqual({
      status: "SERVING",
    });
  });

  it("grpcurl reports missing reflection with mdps serve --no-reflection", async () => {
    const { host } = await runServer("--no-reflection");
    const { stderr, exitCode } = await run(host, "list");
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain("server does not support the reflection API");
  });
});
