import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { readApiError } from "../../support/api-error.ts";
import { dataDirectory } from "../../support/data-directory.ts";
import { callRaw, type RawCall } from "../../support/http/raw-call.ts";
import { printToken, startServe } from "../../support/program.ts";
import { requestBinary, requestJson, worstBinary, worstJson } from "../../support/worst-case/bodies.ts";

const rpc = "mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus";
const rest = "POST /v1/operators/65001/clients/mobiledataplan/users/k/planStatus";

it("a server with a heap of 512 MiB answers four bodies of a kilobyte with 349,000 modules at once", async () => {
  const directory = await dataDirectory();
  const token = await printToken(directory);
  const server = await startServe(directory, [], { NODE_OPTIONS: "--max-old-space-size=512" });
  const [{ json = "" } = {}] = worstJson();
  const [{ binary = new Uint8Array() } = {}] = worstBinary();
  const calls: Pick<RawCall, "protocol" | "format" | "method" | "body">[] = [
    { protocol: "rest", format: "json", method: rest, body: gzipSync(json) },
    { protocol: "connect", format: "json", method: rpc, body: gzipSync(requestJson(json)) },
    { protocol: "connect", format: "binary", method: rpc, body: gzipSync(requestBinary(binary)) },
    { protocol: "grpc", format: "binary", method: rpc, body: gzipSync(requestBinary(binary)) },
  ];
  for (const call of calls) {
    expect(call.body.length).toBeLessThan(2_000);
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => callRaw({ url: server.url, token, encoding: "gzip", ...call })),
    );
    for (const { error, text } of answers) {
      if (error === undefined) {
        expect.fail("the request was not rejected");
      }
      const { reason, violations } = readApiError(error);
      expect(reason).toBe("FIELD_INVALID");
      expect(violations).toEqual([
        expect.stringMatching(/plans\[0\]\.planModules: must contain no more than 128 item\(s\)$/),
      ]);
      expect(text.length).toBeLessThan(1_000);
    }
  }
  expect(server.process.exitCode).toBeNull();
  server.process.kill("SIGTERM");
  expect(await server.ended).toMatchObject({ exitCode: 0, stderr: "" });
});
