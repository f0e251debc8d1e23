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
  `"quotes"_and_'quotes'`,
  "back\\slash",
  "a?b#c&d=e",
  "a:b",
  "a;b,c",
  "😀_ünïcödé_語",
  "<script>alert(1)</script>",
  "';DROP/**/TABLE/**/record;--",
  "NULL",
  "...",
  "__proto__",
  "x".repeat(1024),
  "é".repeat(512),
];

/** Keys that look like another key, or contain it: from a query with an unescaped +, wrapped Base64, a copied number. */
const keysWithInvisibleCharacters = [
  "a b",
  " a",
  "a ",
  " ",
  "YWJj\n",
  "YWJj\r\nZGVm",
  "a\tb",
  "a\u0000",
  "\u0000",
  "a\u007f",
  "a\u0085",
  "+49\u00a0170",
  "a\u00adb",
  "+49\u2009170",
  "a\u200bb",
  "a\u200d",
  "a\u2028",
  "\u202d491701234567\u202c",
  "+49\u202f170",
  "a\u2060",
  "a\u3000b",
  "\ufeffa",
  "a\u1680b",
  "a\u061cb",
  "a\u180eb",
  "a\u034fb",
  "a\u2800b",
  "\u3164",
  "a\ufe0f",
  "a\ufffab",
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

  it("user keys of more than 4096 characters are rejected", async () => {
    for (const userKey of ["x".repeat(4097), "x".repeat(6_000)]) {
      const request = { parent, userKey, planStatus: planStatus() };
      const errors = [
        await apiErrorOf(client.createUserPlanStatus({ ...request, clientId })),
        await apiErrorOf(client.createPlanStatus(request)),
        await apiErrorOf(client.getUserPlanStatus({ parent, clientId, userKey })),
      ];
      for (const error of errors) {
        expect(error).toMatchObject({
          code: "InvalidArgument",
          violations: ["userKey: must be at most 4096 characters"],
        });
      }
    }
  });

  it.each(keysWithInvisibleCharacters.map((key) => [JSON.stringify(key), key]))(
    "the user key %s is rejected by every create method, with a message that names %%2B",
    async (_, userKey) => {
      const request = { parent, userKey, planStatus: planStatus() };
      const errors = await Promise.all([
        apiErrorOf(client.createUserPlanStatus({ ...request, clientId })),
        apiErrorOf(client.createPlanStatus(request)),
        apiErrorOf(client.createPlanGroup({ parent, planGroupId: userKey })),
      ]);
      const description =
        "must not contain white space, control or invisible characters: write + as %2B in a query, and Base64 without line breaks";
      expect(errors).toMatchObject(
        ["userKey", "userKey", "planGroupId"].map((field) => ({
          code: "InvalidArgument",
          reason: "FIELD_INVALID",
          violations: [`${field}: ${description}`],
        })),
      );
    },
  );

  it("a read of a user key with a space is NOT_FOUND", async () => {
    const error = await apiErrorOf(client.getUserPlanStatus({ parent, clientId, userKey: "a b" }));
    expect(error).toMatchObject({ reason: "PLAN_STATUS_NOT_FOUND" });
  });

  it("user keys that differ in case or in escapes are different", async () => {
    const variants = ["Ab/", "ab/", "Ab%2F", "Ab%252F", "Ab"].map((key) => `${protocol}:${key}`);
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
    const userKey = `a/b+c==%2Fü${protocol}`;
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
  const send = async (path: string, method = "POST") => {
    const response = await fetch(`${server.url}/v1/${parent}/${path}`, {
      method,
      headers: { authorization: `Bearer ${server.token}`, "content-type": "application/json" },
      ...(method === "POST" && { body: toJsonString(PlanStatusSchema, planStatus()) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const named = (escaped: string) => ({
    status: 200,
    body: { name: `operators/65001/planStatuses/${escaped}` },
  });

  it.each([
    ["a plus in the path is a plus", "clients/youtube/users/a+b/planStatus", "a+b"],
    ["%2B in the query is a plus", "planStatuses?userKey=a%2Bb", "a+b"],
    ["%2F in the path is part of the user key", "clients/youtube/users/a%2Fb/planStatus", "a%2Fb"],
    ["%2f in the path is part of the user key", "clients/youtube/users/a%2fb/planStatus", "a%2Fb"],
    ["a slash in the query is part of the user key", "planStatuses?userKey=a/b", "a%2Fb"],
    ["a double-encoded user key is decoded once", "clients/youtube/users/a%252Fb/planStatus", "a%252Fb"],
    ["the query parameter may have the proto name", "planStatuses?user_key=k", "k"],
  ])("%s", async (_, path, escaped) => {
    expect(await send(path)).toMatchObject(named(escaped));
  });

  it.each([
    ["an unescaped plus in the query", "planStatuses?userKey=a+b"],
    ["%20 in the query", "planStatuses?userKey=a%20b"],
    ["%0A in the query", "planStatuses?userKey=YWJj%0A"],
    ["%20 in the path", "clients/youtube/users/a%20b/planStatus"],
    ["%00 in the path", "clients/youtube/users/a%00/planStatus"],
    ["%C2%A0 in the path", "clients/youtube/users/a%C2%A0b/planStatus"],
  ])("a user key with %s is 400 and stores nothing", async (_, path) => {
    const { status, body } = await send(path);
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toMatch(/"userKey: must not contain white space, .*write \+ as %2B/);
  });

  const slash = (field: string) =>
    `no method has this path: percent-encode / in the ${field} as %2F; if you do, a proxy decodes it before it forwards the request`;
  const end =
    "no method has this path: it must end with /planStatus; in the userKey, percent-encode / as %2F, ? as %3F and # as %23";
  const double = "no method has this path: it must not contain // or end with /";
  const empty = "no method has this path: the userKey is empty";
  const short = "no method has this path";

  it.each([
    ["POST", "clients/youtube/users/a/b/planStatus", slash("userKey")],
    ["GET", "clients/youtube/users/a/b/planStatus", slash("userKey")],
    ["DELETE", "clients/youtube/users/a/b/c+d==/planStatus", slash("userKey")],
    ["POST", "clients/youtube/users//ab/planStatus", slash("userKey")],
    ["POST", "clients/youtube/users/ab//planStatus", slash("userKey")],
    ["POST", "clients/youtube/users/a/planStatus/b/planStatus", slash("userKey")],
    ["POST", "clients/youtube/users/a/b/planStatus/", slash("userKey")],
    ["GET", "planStatuses/a/b", slash("userKey")],
    ["GET", "planStatuses/a//b", slash("userKey")],
    ["GET", "planGroups/a/b/c", slash("planGroupId")],
    ["POST", "clients/youtube/users/a", end],
    ["POST", "clients/youtube/users/a?b/planStatus", end],
    ["POST", "clients/youtube/users/a/b#c/planStatus", end],
    ["POST", "clients/youtube/users//planStatus", empty],
    ["POST", "clients/youtube/users/planStatus", empty],
    ["POST", "clients/youtube/users/a/planStatus/", double],
    ["POST", "planStatuses/?userKey=a", double],
    ["GET", "planStatuses/a/", double],
    ["POST", "/planStatuses?userKey=a", double],
    ["POST", "clients/youtube/users/a%252Fb/planstatus", end],
    ["POST", "clients/you/tube/users/a/planStatus", short],
    ["GET", "plans/a/b", short],
    ["GET", "planStatus/a", short],
    ["POST", "../../users/a/b/planStatus", short],
  ])("%s of %s is 404 with the message: %s", async (method, path, message) => {
    expect(await send(path, method)).toEqual({
      status: 404,
      body: {
        error: {
          code: 404,
          message,
          status: "NOT_FOUND",
          details: [expect.objectContaining({ reason: "ROUTE_NOT_FOUND" })],
        },
      },
    });
  });

  it.each(["//v1/operators/1/planStatuses", "/v1//operators/1/planGroups"])(
    "the path %s is 404 with a message that names the empty segment",
    async (path) => {
      const response = await fetch(server.url + path, { method: "POST" });
      expect(await response.json()).toMatchObject({ error: { code: 404, message: double } });
    },
  );

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
