import { toJson } from "@bufbuild/protobuf";
import { gaxios, JWT } from "google-auth-library";
import { Discovery } from "googleapis-common";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { pushScope, readScope } from "../../src/auth/scopes.ts";
import { makeAccount } from "../support/auth/service-accounts.ts";
import { planStatus } from "../support/plan-statuses.ts";
import { testTime } from "../support/test-clock.ts";
import { freshKey, parent, startTestServer, type TestServer } from "../support/test-server.ts";

// What `google.discoverAPI(url)` of the package googleapis does: its class Discovery is that of googleapis-common.

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});
beforeEach(() => {
  // Google's library has a clock of its own: it must show the time of the server's.
  vi.useFakeTimers({ toFake: ["Date"], now: testTime });
});
afterEach(() => {
  vi.useRealTimers();
});

type Call = (
  params: object,
) => Promise<{ status: number; data: { name?: string } & Record<string, unknown> }>;

/** The API, made from nothing but the document that the server answers. */
type Api = {
  readonly operators: {
    readonly clients: { readonly users: { readonly planStatus: { create: Call; get: Call } } };
    readonly planStatuses: { create: Call; get: Call };
    readonly planGroups: { create: Call; get: Call };
  };
};

async function discover(options: object): Promise<Api> {
  const create = await new Discovery({}).discoverAPI(`${server.url}/$discovery/rest?version=v1`);
  return create({ retry: false, ...options }, {}) as unknown as Api;
}

/** The API with a key file that has a universe domain of its own, for then the library signs its tokens itself. */
async function withKeyFile(scopes: readonly string[] = [pushScope, readScope]): Promise<Api> {
  const universeDomain = "mdps.internal";
  const auth = new JWT({ scopes: [...scopes] });
  auth.fromJSON(await makeAccount(server, { universeDomain, scopes }));
  return discover({ auth, universeDomain });
}

/** The API with tokens of the server's token endpoint, which the library asks once it is turned to it. */
async function withTokenEndpoint(): Promise<Api> {
  const key = await makeAccount(server, { scopes: [pushScope, readScope] });
  const transporter = new gaxios.Gaxios();
  transporter.interceptors.request.add({
    async resolved(request) {
      if (String(request.url) === "https://oauth2.googleapis.com/token") {
        request.url = new URL(key.token_uri);
      }
      return request;
    },
  });
  const scopes = [pushScope, readScope];
  return discover({
    auth: new JWT({ email: key.client_email, key: key.private_key, scopes, transporter }),
  });
}

const status = toJson(PlanStatusSchema, planStatus()) as Record<string, unknown>;

describe("googleapis for Node", () => {
  it.each([
    ["a key file", withKeyFile],
    ["the token endpoint", withTokenEndpoint],
  ])("calls all three methods with %s, and reads back what it pushed", async (_, open) => {
    const { operators } = await open();
    const { planStatus } = operators.clients.users;
    for (const key of ["a/b+c==", "100%", "%2F", "a%252Fb c", "ключ?#&=", ":create"]) {
      const userKey = `${key}${freshKey()}`;
      const named = userKey.replaceAll("%", "%25").replaceAll("/", "%2F");
      const name = `${parent}/planStatuses/${named}`;
      const clientId = "youtube";

      const own = await planStatus.create({ parent, clientId, userKey, requestBody: status });
      expect(own, key).toMatchObject({ status: 200, data: { ...status, name } });
      expect((await planStatus.get({ parent, clientId, userKey })).data, key).toEqual(own.data);

      const requestBody = { ...status, title: `for ${key}` };
      const all = await operators.planStatuses.create({ parent, userKey, requestBody });
      expect(all, key).toMatchObject({ status: 200, data: { ...requestBody, name } });
      expect((await operators.planStatuses.get({ name: all.data.name })).data, key).toEqual(all.data);

      const planGroup = { lastUpdatedTime: status.updateTime };
      const group = await operators.planGroups.create({
        parent,
        requestBody: { planGroupId: userKey, planGroup },
      });
      const groupName = `${parent}/planGroups/${named}`;
      expect(group, key).toMatchObject({ status: 200, data: { ...planGroup, name: groupName } });
      expect((await operators.planGroups.get({ name: groupName })).data, key).toEqual(group.data);
    }
  });

  it("takes the parameters that every method has", async () => {
    const { operators } = await withKeyFile();
    const answer = await operators.planStatuses.create({
      parent,
      userKey: freshKey(),
      requestBody: status,
      "$.xgafv": "2",
      alt: "json",
      fields: "name,expireTime",
      key: "AIza",
      prettyPrint: true,
      quotaUser: "someone",
    });
    expect(Object.keys(answer.data)).toEqual(["name", "expireTime"]);
  });

  it("says which rules a push breaks", async () => {
    const { operators } = await withKeyFile();
    const requestBody = { ...status, languageCode: "?", plans: [{ planId: "" }] };
    const refused = operators.planStatuses.create({ parent, userKey: freshKey(), requestBody });
    await expect(refused).rejects.toBeInstanceOf(gaxios.GaxiosError);
    await expect(refused).rejects.toMatchObject({
      status: 400,
      response: {
        data: {
          error: {
            status: "INVALID_ARGUMENT",
            details: [
              { reason: "FIELD_INVALID" },
              { fieldViolations: [{ field: "plans[0].planId" }, { field: "languageCode" }] },
            ],
          },
        },
      },
    });
  });

  it("says that the account is not linked to the operator", async () => {
    const { operators } = await withKeyFile();
    const refused = operators.planGroups.create({
      parent: "operators/65002",
      requestBody: { planGroupId: freshKey() },
    });
    await expect(refused).rejects.toMatchObject({
      status: 403,
      response: { data: { error: { details: [{ reason: "OPERATOR_NOT_LINKED" }] } } },
    });
  });

  it("does not send a call without what the method needs", async () => {
    const { operators } = await withKeyFile();
    const incomplete = operators.planStatuses.create({ parent, requestBody: status });
    await expect(incomplete).rejects.toThrow("Missing required parameters: userKey");
  });

  it("says that there is no such version", async () => {
    const missing = new Discovery({}).discoverAPI(`${server.url}/$discovery/rest?version=v2`);
    await expect(missing).rejects.toMatchObject({ status: 404 });
  });
});
