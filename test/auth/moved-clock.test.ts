import { create } from "@bufbuild/protobuf";
import { describe, expect, it, onTestFinished } from "vitest";
import { AuthConfigSchema } from "../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import { pushScope } from "../../src/auth/scopes.ts";
import { apiErrorOf } from "../support/api-error.ts";
import { startFront } from "../support/auth/identity-providers.ts";
import { makeIssuerKey, startKeySetIssuer } from "../support/auth/key-set-issuer.ts";
import { makeAccount, signAssertion } from "../support/auth/service-accounts.ts";
import { day, hour, minute } from "../support/plan-statuses.ts";
import { testTime } from "../support/test-clock.ts";
import { freshKey, parent, startTestServer, type TestServer } from "../support/test-server.ts";

const tenYears = 3_650 * day;
const invalid = { code: "Unauthenticated", reason: "CREDENTIALS_INVALID" };
const jumps = [
  ["forward", tenYears],
  ["back", -tenYears],
] as const;

const push = (server: TestServer, token: string) =>
  server.client("rest", token).createPlanGroup({ parent, planGroupId: freshKey() });

async function serverWith(options: Parameters<typeof startTestServer>[0] = {}): Promise<TestServer> {
  const server = await startTestServer(options);
  onTestFinished(async () => {
    expect(server.failures).toEqual([]);
    await server[Symbol.asyncDispose]();
  });
  return server;
}

describe("After the clock was moved", () => {
  it("a token that a service account signed is rejected before its iat, although it was accepted after", async () => {
    const server = await serverWith();
    const account = await makeAccount(server);
    const token = await signAssertion(server, account, { aud: server.url });
    await push(server, token);
    server.clock.set(testTime - hour);
    expect(await apiErrorOf(push(server, token))).toMatchObject(invalid);
    server.clock.set(testTime + minute);
    await push(server, token);
    server.clock.set(testTime + tenYears);
    expect(await apiErrorOf(push(server, token))).toMatchObject(invalid);
  });

  it.each(jumps)("a token is introspected again if the clock was moved %s", async (_, ms) => {
    const front = await startFront(() => (_request, response) => response.writeHead(404).end());
    onTestFinished(() => front[Symbol.asyncDispose]());
    const answer = (active: boolean) =>
      front.answerWith(JSON.stringify({ active, client_id: "acme", asns: [65001], scope: pushScope }));
    const endpoint = `${front.url}/introspect`;
    const server = await serverWith({
      introspectionSecret: "secret",
      auth: create(AuthConfigSchema, {
        introspection: { endpoint, clientId: "mdps", claims: { account: "client_id", asns: "asns" } },
      }),
    });
    answer(true);
    await push(server, "opaque");
    answer(false);
    server.clock.set(testTime + ms);
    expect(await apiErrorOf(push(server, "opaque"))).toMatchObject(invalid);
    answer(true);
    server.clock.set(testTime);
    await push(server, "opaque");
  });

  it.each(jumps)("the keys of an issuer are fetched again if the clock was moved %s", async (_, ms) => {
    const issuer = await startKeySetIssuer();
    const [old, renewed] = await Promise.all([makeIssuerKey(), makeIssuerKey()]);
    const claims = { exp: Math.floor((testTime + 2 * tenYears) / 1000) };
    issuer.publish(old.jwk);
    await issuer.push(old, { claims });
    issuer.publish(renewed.jwk);
    issuer.advance(ms);
    await issuer.push(renewed, { claims });
    expect(await apiErrorOf(issuer.push(old, { claims }))).toMatchObject(invalid);
  });

  it.each(jumps)("an operator has the same rate if the clock was moved %s", async (_, ms) => {
    const server = await serverWith({ limits: { operatorRate: { perSecond: 0.001, burst: 1 } } });
    await push(server, server.token);
    const token = await server.makeToken({ lifetimeSeconds: (2 * tenYears) / 1000 });
    server.clock.set(testTime + ms);
    expect(await apiErrorOf(push(server, token))).toMatchObject({ reason: "OPERATOR_RATE_EXCEEDED" });
  });
});
