import { once } from "node:events";
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../../support/test-server.ts";

describe("the absolute form of a request target (RFC 9112 3.2.2)", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ admin: { host: "127.0.0.1", port: 0 } });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  async function statusOf(url: string, method: string, target: string): Promise<unknown> {
    const { hostname, port } = new URL(url);
    const headers = method === "POST" ? { "content-type": "application/json" } : {};
    const call = request({ hostname, port, method, path: target, headers, agent: false });
    call.end(method === "POST" ? "{}" : undefined);
    const [answer] = await once(call, "response");
    answer.resume();
    return answer.statusCode;
  }

  it.each([
    ["the readiness probe", "GET", "/readyz", 200],
    ["the Discovery document", "GET", "/$discovery/rest?version=v1", 200],
    ["the token endpoint", "POST", "/token", 400],
    ["an RPC", "POST", "/grpc.health.v1.Health/Check", 200],
    ["a REST call without a token", "GET", "/v1/operators/65001/planStatuses/u", 401],
    ["no path", "GET", "", 404],
    ["a query without a path", "GET", "?a=/token", 404],
  ])("is answered like the origin form: %s", async (_, method, target, expected) => {
    for (const authority of ["http://other.example:80", "HTTPS://OTHER.example"]) {
      expect(await statusOf(server.url, method, `${authority}${target}`)).toBe(expected);
    }
    expect(await statusOf(server.url, method, target.startsWith("/") ? target : `/${target}`)).toBe(expected);
  });

  it("reaches the pages of the admin port", async () => {
    expect(await statusOf(server.adminUrl, "GET", "http://other.example/livez")).toBe(200);
  });
});
