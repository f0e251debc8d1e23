import { toJsonString } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { apiErrorOf } from "../support/api-error.ts";
import { planStatus } from "../support/plan-statuses.ts";
import { parent, protocols, startTestServer, type TestServer } from "../support/test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const clientId = "mobiledataplan";

/** Keys that need care in a URL, in JSON, in a resource name or in a database. */
const keys = [
  "491701234567",
  "+491701234567",
  "a/b+c==",
  "a%b",
  "a%2Fb",
  "a%252Fb",
  "%",
  "/",
  "a//b/",
  `"quotes" and 'quotes'`,
  "back\\slash",
  "a?b#c&d=e",
  "a:b",
  "a;b,c",
  "a b\tc\nd",
  "😀 ünïcödé 語",
  "<script>alert(1)</script>",
  "'; DROP TABLE record; --",
  "NULL",
  "a\u0000b",
  "\u0000",
  "...",
  "__proto__",
  "x".repeat(1024),
  "é".repeat(512),
];

describe.each(protocols)("over %s the user key", (protocol) => {
  it.each(keys.map((key) => [key.slice(0, 32), key]))("%j is taken and read back", async (_, userKey) => {
    const client = server.client(protocol);
    const title = `over ${protocol}`;
    const request = { parent, userKey, planStatus: planStatus({ title }) };
    const answer = await client.createUserPlanStatus({ ...request, clientId });
    const escaped = userKey.replaceAll("%", "%25").replaceAll("/", "%2F");
    expect(answer.name).toBe(`operators/65001/planStatuses/${escaped}`);
    expect((await client.getUserPlanStatus({ parent, clientId, userKey })).title).toBe(title);
    const forAll = await client.createPlanStatus(request);
    expect(forAll.name).toBe(answer.name);
    expect((await client.getPlanStatus({ name: forAll.name })).title).toBe(title);
    const group = await client.createPlanGroup({ parent, planGroupId: userKey });
    expect(group.name).toBe(`operators/65001/planGroups/${escaped}`);
    expect((await client.getPlanGroup({ name: group.name })).name).toBe(group.name);
  });

  it("of 4 KB is refused, and so is one of a byte too much", async () => {
    const client = server.client(protocol);
    for (const userKey of ["x".repeat(4096), "x".repeat(1025), `${"é".repeat(512)}x`]) {
      const request = { parent, userKey, planStatus: planStatus() };
      const refusals = [
        await apiErrorOf(client.createUserPlanStatus({ ...request, clientId })),
        await apiErrorOf(client.createPlanStatus(request)),
        await apiErrorOf(client.getUserPlanStatus({ parent, clientId, userKey })),
      ];
      for (const refusal of refusals) {
        expect(refusal).toMatchObject({
          code: "InvalidArgument",
          violations: ["userKey: must be at most 1024 bytes"],
        });
      }
    }
  });

  it("that differs in case or in escapes is another one", async () => {
    const client = server.client(protocol);
    const variants = ["Ab/", "ab/", "Ab%2F", "Ab%252F", "Ab"].map((key) => `${protocol} ${key}`);
    for (const userKey of variants) {
      await client.createUserPlanStatus({
        parent,
        clientId,
        userKey,
        planStatus: planStatus({ title: userKey }),
      });
    }
    for (const userKey of variants) {
      expect((await client.getUserPlanStatus({ parent, clientId, userKey })).title).toBe(userKey);
    }
  });
});

describe("a user key pushed over one protocol", () => {
  it.each(protocols)("is the same over every other one: %s", async (protocol) => {
    const userKey = `a/b+c== %2F ü ${protocol}`;
    await server
      .client(protocol)
      .createUserPlanStatus({ parent, clientId, userKey, planStatus: planStatus({ title: protocol }) });
    for (const reader of protocols) {
      const status = await server.client(reader).getUserPlanStatus({ parent, clientId, userKey });
      expect(status.title).toBe(protocol);
    }
  });
});

describe("a user key in a URL as a caller wrote it", () => {
  const send = async (path: string) => {
    const response = await fetch(`${server.url}/v1/${parent}/${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.token}`, "content-type": "application/json" },
      body: toJsonString(PlanStatusSchema, planStatus()),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const named = (escaped: string) => ({
    status: 200,
    body: { name: `operators/65001/planStatuses/${escaped}` },
  });

  it.each([
    ["a plus is a plus in the path", "clients/youtube/users/a+b/planStatus", "a+b"],
    ["a plus is a blank in the query", "planStatuses?userKey=a+b", "a b"],
    ["%2B is a plus in the query", "planStatuses?userKey=a%2Bb", "a+b"],
    ["%20 is a blank in the path", "clients/youtube/users/a%20b/planStatus", "a b"],
    ["%2F is data in the path", "clients/youtube/users/a%2Fb/planStatus", "a%2Fb"],
    ["%2f is data in the path", "clients/youtube/users/a%2fb/planStatus", "a%2Fb"],
    ["a slash is data in the query", "planStatuses?userKey=a/b", "a%2Fb"],
    ["what was encoded twice is decoded once", "clients/youtube/users/a%252Fb/planStatus", "a%252Fb"],
    ["the query may have the proto name", "planStatuses?user_key=k", "k"],
  ])("%s", async (_, path, escaped) => {
    expect(await send(path)).toMatchObject(named(escaped));
  });

  it("with a bare slash is another path, which no method has", async () => {
    expect(await send("clients/youtube/users/a/b/planStatus")).toMatchObject({
      status: 404,
      body: { error: { status: "NOT_FOUND", details: [{ reason: "ROUTE_NOT_FOUND" }] } },
    });
  });

  it.each([
    ["a broken escape", "clients/youtube/users/%zz/planStatus"],
    ["half an escape", "clients/youtube/users/100%/planStatus"],
    ["bytes that are no UTF-8", "clients/youtube/users/%ff%fe/planStatus"],
    ["half a surrogate pair", "clients/youtube/users/%ed%a0%80/planStatus"],
    ["a broken escape in the query", "planStatuses?userKey=%zz"],
    ["nothing in the query", "planStatuses?userKey="],
    ["none at all", "planStatuses"],
    ["two in the query", "planStatuses?userKey=a&userKey=b"],
  ])("is refused by name with %s", async (_, path) => {
    const { status, body } = await send(path);
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { code: 400, status: "INVALID_ARGUMENT" } });
    expect(JSON.stringify(body)).toContain('"field":"userKey"');
  });
});
