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

// `google.discoverAPI(url)` of the package googleapis uses this class Discovery of googleapis-common.

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});
beforeEach(() => {
  // Google's library reads Date: it must agree with the server's test clock.
  vi.useFakeTimers({ toFake: ["Date"], now: testTime });
});
afterEach(() => {
  vi.useRealTimers();
});

type Call = (
  params: object,
) => Promise<{ status: number; data: { name?: string } & Record<string, unknown> }>;

/** The API that the library creates from the Discovery document. */
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

/** Returns the API with a key file that has its own universe domain, for which the library signs its tokens itself. */
async function withKeyFile(scopes: readonly string[] = [pushScope, readScope]): Promise<Api> {
  const universeDomain = "mdps.internal";
  const auth = new JWT({ scopes: [...scopes] });
  auth.fromJSON(await makeAccount(server, { universeDomain, scopes }));
  return discover({ auth, universeDomain });
}

/** Returns the API with tokens of the server's token endpoint, to which the library's requests are redirected. */
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
  ])("googleapis for Node calls all three methods with %s, and reads what it pushed", async (_, open) => {
    const { operators } = await open();
    const { planStatus } = operators.clients.users;
    for (const key of ["a/b+c==", "100%", "%2F", "a%252Fb+c", "ключ?#&=", ":create"]) {
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

  it("the server accepts the standard parameters of googleapis for Node", async () => {
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

  it("googleapis for Node reports the violations of a push", async () => {
    const { operators } = await withKeyFile();
    const requestBody = { ...status, languageCode: "?", plans: [{ planId: "" }] };
    const failed = operators.planStatuses.create({ parent, userKey: freshKey(), requestBody });
    await expect(failed).rejects.toBeInstanceOf(gaxios.GaxiosError);
    await expect(failed).rejects.toMatchObject({
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

  it("googleapis for Node reports that the account is not linked to the operator", async () => {
    const { operators } = await withKeyFile();
    const failed = operators.planGroups.create({
      parent: "operators/65002",
      requestBody: { planGroupId: freshKey() },
    });
    await expect(failed).rejects.toMatchObject({
      status: 403,
      response: { data: { error: { details: [{ reason: "OPERATOR_NOT_LINKED" }] } } },
    });
  });

  it("googleapis for Node does not send a call without its required parameters", async () => {
    const { operators } = await withKeyFile();
    const incomplete = operators.planStatuses.create({ parent, requestBody: status });
    await expect(incomplete).rejects.toThrow("Missing required parameters: userKey");
  });

  it("discoverAPI reports 404 for an unknown version", async () => {
    const missing = new Discovery({}).discoverAPI(`${server.url}/$discovery/rest?version=v2`);
    await expect(missing).rejects.toMatchObject({ status: 404 });
  });
});
