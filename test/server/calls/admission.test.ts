import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { asnOfParent, parseResourceName } from "../../../src/contract/resource-names.ts";
import { parent, startTestServer, type TestServer } from "../../support/test-server.ts";

// Other tests of this process have modules without the mock already, and must not get those with it.
vi.hoisted(() => vi.resetModules());
afterAll(() => {
  vi.doUnmock("../../../src/contract/resource-names.ts");
  vi.resetModules();
});
vi.mock("../../../src/contract/resource-names.ts", { spy: true });

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(() => {
  vi.clearAllMocks();
});
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const call = (method: "GET" | "POST", path: string, body?: object) =>
  fetch(`${server.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${server.token}`, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });

describe("the operator of a call", () => {
  it.each([
    ["REST", `/v1/${parent}/planGroups`, { planGroupId: "g" }],
    ["Connect", "/mobiledataplansharing.v1.PlanGroupService/CreatePlanGroup", { parent, planGroupId: "g" }],
  ])("the operator of a create over %s is parsed once", async (_, path, body) => {
    expect((await call("POST", path, body)).status).toBe(200);
    expect(asnOfParent).toHaveBeenCalledTimes(1);
    expect(parseResourceName).not.toHaveBeenCalled();
  });

  it("the resource name of a read over REST is parsed once", async () => {
    expect((await call("GET", `/v1/${parent}/planStatuses/unknown`)).status).toBe(404);
    expect(parseResourceName).toHaveBeenCalledTimes(1);
    expect(asnOfParent).not.toHaveBeenCalled();
  });
});

describe("a token in the query", () => {
  it.each(["access_token", "oauth_token"])(
    "a token in the query is rejected as %s, even beside a valid header",
    async (name) => {
      const answer = await call("POST", `/v1/${parent}/planGroups?${name}=${server.token}`, {
        planGroupId: "g",
      });
      expect(answer.status).toBe(400);
      const text = await answer.text();
      expect(text).toContain("CREDENTIALS_MALFORMED");
      expect(text).toContain(`${name} is not accepted in the query`);
      expect(text).not.toContain(server.token);
    },
  );
});
