import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PlanServingService } from "../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { PlanGroupService } from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { PlanStatusService } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { createClaimReader } from "../../src/auth/providers/claim-mapping.ts";
import { pushScope, readScope, readScopeAlias, scopesOf } from "../../src/auth/scopes.ts";
import { apiErrorOf } from "../support/api-error.ts";
import { signedByAccount } from "../support/auth/jwt-forge.ts";
import { makeAccount, requestToken, signAssertion } from "../support/auth/service-accounts.ts";
import { parent, startTestServer, type TestServer } from "../support/test-server.ts";

it("uses the scope that Google documents for pushing", () => {
  expect(pushScope).toBe("https://www.googleapis.com/auth/dataplansharing");
});

it.each([
  [PlanStatusService, pushScope],
  [PlanGroupService, pushScope],
  [PlanServingService, readScope],
])("returns the scope that the contract lists for $typeName", (service, scope) => {
  expect(scopesOf(service)).toEqual([scope]);
});

it("names the scope for reading by a URL, which generators of Google's clients expect", () => {
  expect(new URL(readScope)).toMatchObject({ protocol: "https:", search: "", hash: "" });
  expect(readScopeAlias).toBe("mobiledataplansharing.serving.read");
});

describe("the two names of the scope for reading", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const readWith = async (token: string) =>
    (await apiErrorOf(server.client("rest", token).getPlanGroup({ name: `${parent}/planGroups/none` })))
      .reason;

  const names = [readScope, readScopeAlias];

  it.each(names)("an access token reads with %s", async (scope) => {
    expect(await readWith(await server.makeToken({ scopes: [scope] }))).toBe("PLAN_GROUP_NOT_FOUND");
  });

  it.each(names.flatMap((own) => names.map((asked) => [own, asked])))(
    "an account with %s reads with tokens that ask for %s",
    async (own, asked) => {
      const key = await makeAccount(server, { scopes: [own] });
      const assertion = await signAssertion(server, key, { scope: `${pushScope} ${asked}` });
      const { status, body } = await requestToken(server, assertion);
      expect({ status, scope: body.scope }).toEqual({ status: 200, scope: asked });
      expect(await readWith(String(body.access_token))).toBe("PLAN_GROUP_NOT_FOUND");
      const selfSigned = await signedByAccount(key, server.clock, { aud: server.url, scope: asked });
      expect(await readWith(selfSigned)).toBe("PLAN_GROUP_NOT_FOUND");
    },
  );

  it.each(names)("claims of an identity provider may have or be mapped to %s", (scope) => {
    const read = (claims: object, scopes: Record<string, string>) => {
      const mapping = { account: "", scope: "", asns: "", audience: "", scopes };
      const reader = createClaimReader({ claims: mapping as never, accounts: [], audiences: [] });
      return reader({ sub: "a", ...claims });
    };
    expect(read({ scope: `x ${scope}` }, {})).toMatchObject({ scopes: new Set(["x", readScope]) });
    expect(read({ scope: "r" }, { r: scope })).toMatchObject({ scopes: new Set([readScope]) });
  });
});
