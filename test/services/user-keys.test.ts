import { toJsonString } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import type { PlanSharingClient } from "../../src/client/client.ts";
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

/** Keys with characters that are special in a URL, in JSON, in a resource name or in a database. */
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

describe.each(protocols)("user keys over %s", (protocol) => {
  let client: PlanSharingClient;
  beforeAll(() => {
    client = server.client(protocol);
  });

  it.each(keys.map((key) => [key.slice(0, 32), key]))(
    "the user key %j can be pushed and read by every method",
    async (_, userKey) => {
      const title = `over ${protocol}`;
      const request = { parent, userKey, planStatus: planStatus({ title }) };
      const escaped = userKey.replaceAll("%", "%25").replaceAll("/", "%2F");
      const name = `operators/65001/planStatuses/${escaped}`;
      const created = await Promise.all([
        client.createUserPlanStatus({ ...request, clientId }),
        client.createPlanStatus(request),
        client.createPlanGroup({ parent, planGroupId: userKey }),
      ]);
      const groupName = `operators/65001/planGroups/${escaped}`;
      expect(created.map((resource) => resource.name)).toEqual([name, name, groupName]);
      const [forClient, forAll, group] = await Promise.all([
        client.getUserPlanStatus({ parent, clientId, userKey }),
        client.getPlanStatus({ name }),
        client.getPlanGroup({ name: groupName }),
      ]);
      expect([forClient.title, forAll.title, group.name]).toEqual([title, title, groupName]);
    },
  );

  it("user keys of more than 1024 bytes are rejected", async () => {
    for (const userKey of ["x".repeat(4096), "x".repeat(1025), `${"é".repeat(512)}x`]) {
      const request = { parent, userKey, planStatus: planStatus() };
      const errors = [
        await apiErrorOf(client.createUserPlanStatus({ ...request, clientId })),
        await apiErrorOf(client.createPlanStatus(request)),
        await apiErrorOf(client.getUserPlanStatus({ parent, clientId, userKey })),
      ];
      for (const error of errors) {
        expect(error).toMatchObject({
          code: "InvalidArgument",
          violations: ["userKey: must be at most 1024 bytes"],
        });
      }
    }
  });

  it("user keys that differ in case or in escapes are different", async () => {
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

describe("a user key on several protocols", () => {
  it.each(protocols)("a user key pushed over %s is the same over every other protocol", async (protocol) => {
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

describe("a user key in a URL", () => {
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
    ["a plus in the path is a plus", "clients/youtube/users/a+b/planStatus", "a+b"],
    ["a plus in the query is a space", "planStatuses?userKey=a+b", "a b"],
    ["%2B in the query is a plus", "planStatuses?userKey=a%2Bb", "a+b"],
    ["%20 in the path is a space", "clients/youtube/users/a%20b/planStatus", "a b"],
    ["%2F in the path is part of the user key", "clients/youtube/users/a%2Fb/planStatus", "a%2Fb"],
    ["%2f in the path is part of the user key", "clients/youtube/users/a%2fb/planStatus", "a%2Fb"],
    ["a slash in the query is part of the user key", "planStatuses?userKey=a/b", "a%2Fb"],
    ["a double-encoded user key is decoded once", "clients/youtube/users/a%252Fb/planStatus", "a%252Fb"],
    ["the query parameter may have the proto name", "planStatuses?user_key=k", "k"],
  ])("%s", async (_, path, escaped) => {
    expect(await send(path)).toMatchObject(named(escaped));
  });

  it("a user key with an unescaped slash in the path is 404", async () => {
    expect(await send("clients/youtube/users/a/b/planStatus")).toMatchObject({
      status: 404,
      body: { error: { status: "NOT_FOUND", details: [{ reason: "ROUTE_NOT_FOUND" }] } },
    });
  });

  it.each([
    ["an invalid escape", "clients/youtube/users/%zz/planStatus"],
    ["an incomplete escape", "clients/youtube/users/100%/planStatus"],
    ["bytes that are not UTF-8", "clients/youtube/users/%ff%fe/planStatus"],
    ["a lone surrogate", "clients/youtube/users/%ed%a0%80/planStatus"],
    ["an invalid escape in the query", "planStatuses?userKey=%zz"],
    ["an empty value in the query", "planStatuses?userKey="],
    ["no user key in the query", "planStatuses"],
    ["two user keys in the query", "planStatuses?userKey=a&userKey=b"],
  ])("a URL with %s is 400 and names the field userKey", async (_, path) => {
    const { status, body } = await send(path);
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { code: 400, status: "INVALID_ARGUMENT" } });
    expect(JSON.stringify(body)).toContain('"field":"userKey"');
  });
});
