import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLogLines } from "../../support/log-lines.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";

const unary = "/mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus";
const reading = "/mobiledataplansharing.serving.v1.PlanServingService/GetPlanStatus";
const stream = "/grpc.health.v1.Health/Watch";

const log = createLogLines();
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ log: { level: "debug", destination: log } });
});
afterAll(() => server[Symbol.asyncDispose]());

async function send(id: string, path: string, method: string, contentType?: string) {
  const response = await fetch(server.url + path, {
    method,
    headers: { "x-request-id": id, ...(contentType !== undefined && { "content-type": contentType }) },
    ...(method === "POST" && { body: "{}" }),
  });
  return { response, text: await response.text() };
}

describe("a request to the path of an RPC that no protocol can serve", () => {
  it.each([
    ["GET", unary, "POST"],
    ["PUT", unary, "POST"],
    ["DELETE", reading, "POST, GET"],
    ["GET", stream, "POST"],
  ])("%s %s is answered with 405, the methods of the path, and a reason in the log", async (...each) => {
    const [method, path, allow] = each;
    const id = `${method}-${path.length}`;
    const { response, text } = await send(id, path, method);
    expect([response.status, response.headers.get("allow"), response.headers.get("x-request-id")]).toEqual([
      405,
      allow,
      id,
    ]);
    expect(text).toBe(`this path allows ${allow}, not ${method}`);
    expect(await log.request(id)).toMatchObject({ code: "UNIMPLEMENTED", reason: "METHOD_NOT_ALLOWED" });
  });

  it.each([
    ["no known content type", unary, "text/plain", "application/json"],
    ["a content type of streams", unary, "application/connect+json", "application/json"],
    ["a content type of unary calls", stream, "application/json", "application/connect+json"],
    ["binary with parameters", unary, "application/proto; charset=utf-8", "application/proto"],
    ["another format of gRPC", unary, "application/grpc+thrift", "application/grpc+proto"],
  ])("a POST with %s to %s is answered with 415 and the content types that it may have", async (...each) => {
    const [, path, contentType, expected] = each;
    const { response, text } = await send(contentType, path, "POST", contentType);
    expect(response.status).toBe(415);
    expect(text).toMatch(/^the content type must be one of /);
    expect(text.split(/[ ,]+/)).toContain(expected);
  });

  it.each(["?encoding=grpc", "?encoding=connect%2Bjson", "?message=%7B%7D", ""])(
    "a GET with the query %s is answered with 415 and the encodings that it may have",
    async (query) => {
      const { response, text } = await send("get", reading + query, "GET");
      expect([response.status, text]).toEqual([415, "the query parameter encoding must be json or proto"]);
    },
  );

  it("a POST to an unknown method is answered with 404, and over gRPC with UNIMPLEMENTED", async () => {
    const path = "/mobiledataplansharing.v1.PlanStatusService/Nope";
    expect((await send("a", path, "POST", "application/json")).response.status).toBe(404);
    for (const contentType of ["application/grpc", "Application/gRPC+proto"]) {
      const { response } = await send("b", path, "POST", contentType);
      expect([response.status, response.headers.get("grpc-status")]).toEqual([200, "12"]);
    }
  });
});
