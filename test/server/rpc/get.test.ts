import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { errorFromJsonBytes } from "@connectrpc/connect/protocol-connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GetUserPlanStatusRequestSchema } from "../../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { expectNoInternals, readApiError } from "../../support/api-error.ts";
import { planStatus } from "../../support/plan-statuses.ts";
import { parent, startTestServer, type TestServer } from "../../support/test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  const status = { parent, clientId: "youtube", userKey: "k/+", planStatus: planStatus({ title: "x" }) };
  await server.client("connect").createUserPlanStatus(status);
});
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const message = { parent, clientId: "youtube", userKey: "k/+" };
const json = JSON.stringify(message);
const binary = toBinary(GetUserPlanStatusRequestSchema, create(GetUserPlanStatusRequestSchema, message));

function get(query: Record<string, string>, token: string | undefined = server.token): Promise<Response> {
  const method = "mobiledataplansharing.serving.v1.PlanServingService/GetUserPlanStatus";
  const headers: Record<string, string> = token === "" ? {} : { authorization: `Bearer ${token}` };
  return fetch(`${server.url}/${method}?${new URLSearchParams({ connect: "v1", ...query })}`, { headers });
}

describe("a GET of the Connect protocol", () => {
  it.each<[string, Record<string, string>]>([
    ["JSON", { encoding: "json", message: json }],
    ["JSON in base64", { encoding: "json", base64: "1", message: Buffer.from(json).toString("base64url") }],
    [
      "binary in base64",
      { encoding: "proto", base64: "1", message: Buffer.from(binary).toString("base64url") },
    ],
    [
      "binary in padded base64",
      { encoding: "proto", base64: "1", message: Buffer.from(binary).toString("base64") },
    ],
    [
      "compressed JSON",
      { encoding: "json", base64: "1", compression: "gzip", message: gzipSync(json).toString("base64url") },
    ],
  ])("a GET of the Connect protocol reads a message in %s", async (_, query) => {
    const response = await get(query);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain("operators/65001");
  });

  it.each<[string, Record<string, string>, string]>([
    ["no message", { encoding: "json" }, "body"],
    ["invalid JSON", { encoding: "json", message: "{" }, "body"],
    ["an unknown field", { encoding: "json", message: `{"x":1}` }, "x"],
    ["a field of the wrong type", { encoding: "json", message: `{"userKey":1}` }, "userKey"],
    ["invalid binary", { encoding: "proto", message: "hello" }, "body"],
    ["invalid binary in base64", { encoding: "proto", base64: "1", message: "aGVsbG8" }, "body"],
    ["a message that does not decompress", { encoding: "json", compression: "gzip", message: json }, "body"],
  ])("a GET of the Connect protocol with %s answers 400", async (_, query, field) => {
    const response = await get(query);
    expect(response.status).toBe(400);
    const bytes = new Uint8Array(await response.arrayBuffer());
    expectNoInternals(Buffer.from(bytes).toString());
    const fallback = new ConnectError("no error of Connect", Code.Unknown);
    const rejection = readApiError(errorFromJsonBytes(bytes, response.headers, fallback));
    expect(rejection).toMatchObject({ reason: "REQUEST_MALFORMED", fields: [field] });
  });

  it("a GET of the Connect protocol passes the request gate before its message is read", async () => {
    const response = await get({ encoding: "proto", message: "hello" }, "");
    expect(response.status).toBe(401);
  });

  it("a GET of the Connect protocol with an unknown encoding answers 415", async () => {
    expect((await get({ encoding: "xml", message: json })).status).toBe(415);
  });

  it("a GET of the Connect protocol cannot push", async () => {
    const method = "mobiledataplansharing.v1.PlanStatusService/CreatePlanStatus";
    const query = new URLSearchParams({ connect: "v1", encoding: "json", message: "{}" });
    const headers = { authorization: `Bearer ${server.token}` };
    const response = await fetch(`${server.url}/${method}?${query}`, { headers });
    expect(response.status).toBe(405);
  });
});
