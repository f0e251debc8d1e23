import { once } from "node:events";
import { connect } from "node:http2";
import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { errorFromJsonBytes } from "@connectrpc/connect/protocol-connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GetUserPlanStatusRequestSchema } from "../../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { expectNoInternals, type ReceivedError, readApiError } from "../../support/api-error.ts";
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

const method = "mobiledataplansharing.serving.v1.PlanServingService/GetUserPlanStatus";

function get(query: Record<string, string>, token: string | undefined = server.token): Promise<Response> {
  const headers: Record<string, string> = token === "" ? {} : { authorization: `Bearer ${token}` };
  return fetch(`${server.url}/${method}?${new URLSearchParams({ connect: "v1", ...query })}`, { headers });
}

async function errorIn(response: Response): Promise<ReceivedError> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  expectNoInternals(Buffer.from(bytes).toString());
  const fallback = new ConnectError("no error of Connect", Code.Unknown);
  return readApiError(errorFromJsonBytes(bytes, response.headers, fallback));
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
      "JSON in base64 of the other alphabet",
      { encoding: "json", base64: "1", message: Buffer.from(json).toString("base64") },
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
    ["JSON after a byte order mark", { encoding: "json", message: `\ufeff${json}` }, "body"],
    ["a NUL after its JSON", { encoding: "json", message: `${json}\0` }, "body"],
    ["a key twice", { encoding: "json", message: `{"parent":"a","parent":"a"}` }, "parent"],
    ["null", { encoding: "json", message: "null" }, "body"],
    ["a character that is not base64", { encoding: "json", base64: "1", message: "e30!" }, "message"],
    ["base64 of an impossible length", { encoding: "json", base64: "1", message: "e30A=A" }, "message"],
    ["invalid binary", { encoding: "proto", message: "hello" }, "body"],
    ["invalid binary in base64", { encoding: "proto", base64: "1", message: "aGVsbG8" }, "body"],
    ["a message that does not decompress", { encoding: "json", compression: "gzip", message: json }, "body"],
  ])("a GET of the Connect protocol with %s answers 400", async (_, query, field) => {
    const response = await get(query);
    expect(response.status).toBe(400);
    expect(await errorIn(response)).toMatchObject({ reason: "REQUEST_MALFORMED", fields: [field] });
  });

  it.each([
    ["bytes that are not UTF-8", "encoding=json&message=%7B%22parent%22:%22%FF%22%7D", "body: must be UTF-8"],
    ["an incomplete escape", "encoding=json&message=%7B%7", "message: must be percent-encoded"],
    [
      "an invalid escape",
      "encoding=json&message=%7B%22parent%22:%22%zz%22%7D",
      "message: must be percent-encoded",
    ],
    ["two messages", "encoding=json&message=%7B%7D&message=1", "message: must be given once"],
    ["two encodings", "encoding=json&encoding=proto&message=%7B%7D", "encoding: must be given once"],
  ])("a GET of the Connect protocol with %s in its query answers 400", async (_, query, violation) => {
    const response = await fetch(`${server.url}/${method}?connect=v1&${query}`, {
      headers: { authorization: `Bearer ${server.token}` },
    });
    expect(response.status).toBe(400);
    expect(await errorIn(response)).toMatchObject({ reason: "REQUEST_MALFORMED", violations: [violation] });
  });

  it.each(["é", "x#y"])(
    "a GET of the Connect protocol over HTTP/2 with a raw %s in its query answers 400",
    async (key) => {
      const query = `encoding=json&message={"parent":"${parent}","clientId":"youtube","userKey":"${key}"}`;
      const session = connect(server.url);
      const sent = session.request({
        ":path": Buffer.from(`/${method}?connect=v1&${query}`).toString("latin1"),
        authorization: `Bearer ${server.token}`,
      });
      const [head] = await once(sent, "response");
      session.destroy();
      expect(head).toMatchObject({ ":status": 400 });
    },
  );

  it("a GET of the Connect protocol reads binary whose bytes are percent-encoded", async () => {
    const message = [...binary].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
    const response = await fetch(`${server.url}/${method}?encoding=proto&connect=v1&message=${message}`, {
      headers: { authorization: `Bearer ${server.token}` },
    });
    expect(response.status).toBe(200);
  });

  it("a GET of the Connect protocol with an unknown compression answers 501 and names the known ones", async () => {
    const response = await get({ encoding: "json", compression: "zstd", message: json });
    expect(response.status).toBe(501);
    expect(await response.json()).toEqual({
      code: "unimplemented",
      message: "content-encoding must be one of gzip, br, identity",
    });
  });

  it("a GET of the Connect protocol passes the request gate before its message is read", async () => {
    const response = await get({ encoding: "proto", message: "hello" }, "");
    expect(response.status).toBe(401);
  });

  it("a GET of the Connect protocol with an unknown encoding answers 415", async () => {
    expect((await get({ encoding: "xml", message: json })).status).toBe(415);
  });

  it("a GET of the Connect protocol cannot push", async () => {
    const push = "mobiledataplansharing.v1.PlanStatusService/CreatePlanStatus";
    const query = new URLSearchParams({ connect: "v1", encoding: "json", message: "{}" });
    const headers = { authorization: `Bearer ${server.token}` };
    const response = await fetch(`${server.url}/${push}?${query}`, { headers });
    expect(response.status).toBe(405);
  });
});
