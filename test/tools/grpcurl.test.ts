import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Call,
  Call_Protocol,
  CallView,
} from "../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { buildGoTool, whatIsMissing } from "../../scripts/go-tool.ts";
import { callOfJournal } from "../../src/console/snippets/call-of-journal.ts";
import { grpcurlSnippet } from "../../src/console/snippets/grpcurl.ts";
import { startTestEmulator } from "../support/emulator/test-emulator.ts";
import {
  createMethod,
  createRequest,
  runServer,
  runTool,
  serviceNames,
  statusJson,
} from "./running-server.ts";

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

  it("grpcurl sends calls of the console's journal again, with the snippet of each", async () => {
    await using emulator = await startTestEmulator();
    const token = await emulator.token();
    const newest = async () =>
      (await emulator.control("grpc").listCalls({ pageSize: 1, view: CallView.FULL })).calls[0] as Call;
    const outcome = ({ method, code, reason, violations, notifications, requestJson }: Call) => ({
      method,
      code,
      reason,
      // Over REST the body is the status, over gRPC a field of the request: its paths begin with planStatus there.
      violations: violations.map(({ field, description }) => [
        field.replace(/^planStatus\./, ""),
        description,
      ]),
      notifications,
      requestJson,
    });
    const fit = JSON.stringify({ ...statusJson(), title: "It's $HOME `x`\n-- 😀" });
    const long = JSON.stringify({
      ...statusJson(),
      plans: Array.from({ length: 120 }, (_, at) => ({ planId: `p${at}`, planName: "ü'$".repeat(300) })),
    });
    const broken = '{"languageCode": "", "plans": [{"planId": ""}]}';
    for (const body of [fit, long, broken]) {
      for (const target of [
        "clients/youtube/users/a%2Fb%2Bc%3D%3D/planStatus",
        "planStatuses?userKey=-x%25",
      ]) {
        await fetch(`${emulator.url}/v1/operators/65001/${target}`, {
          method: "POST",
          headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
          body,
        });
        const original = await newest();
        const snippet = grpcurlSnippet(callOfJournal(original, emulator.url)) as { text: string };
        const { stderr } = await runTool("sh", ["-s"], `PATH='${folder}':$PATH\n${snippet.text}`);
        const again = await newest();
        expect(again.protocol, stderr).toBe(Call_Protocol.GRPC);
        expect(outcome(again)).toEqual(outcome(original));
      }
    }
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
