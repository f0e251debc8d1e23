import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";
import { UnsecuredJWT } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { RetryInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import {
  AuthConfigSchema,
  type IntrospectionEndpointSchema,
} from "../../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import { pushScope, readScope } from "../../../src/auth/scopes.ts";
import { createTokenVerifier } from "../../../src/auth/token-verifier.ts";
import type { Rejected, Verified } from "../../../src/auth/verified-token.ts";
import type { PlanSharingProtocol } from "../../../src/client/index.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import {
  type Behaviour,
  type Front,
  introspector,
  resource,
  startFront,
  startTokenProvider,
  type TokenProvider,
} from "../../support/auth/identity-providers.ts";
import { openSocket } from "../../support/http/raw-socket.ts";
import { hour, minute, second } from "../../support/plan-statuses.ts";
import { createTestClock } from "../../support/test-clock.ts";
import { freshKey, parent, protocols, startTestServer, type TestServer } from "../../support/test-server.ts";

const realm = 'Bearer realm="mobile-data-plan-sharing"';

type Endpoint = Omit<
  Exclude<MessageInitShape<typeof IntrospectionEndpointSchema>, { $typeName: string }>,
  "endpoint"
>;

/** A server that asks an endpoint. Its clock begins with the real time, for the provider's is. */
function startServerAsking(
  endpoint: string,
  init: Endpoint = {},
  introspectionSecret = introspector.secret,
): Promise<TestServer> {
  const clock = createTestClock();
  clock.set(Date.now());
  return startTestServer({
    clock,
    introspectionSecret,
    auth: create(AuthConfigSchema, {
      introspection: {
        endpoint,
        clientId: introspector.id,
        claims: { account: "client_id", asns: "asns" },
        ...init,
      },
    }),
  });
}

/** The same, until the test ends. */
async function serverAsking(...args: Parameters<typeof startServerAsking>): Promise<TestServer> {
  const server = await startServerAsking(...args);
  onTestFinished(async () => {
    expect(server.failures).toEqual([]);
    await server[Symbol.asyncDispose]();
  });
  return server;
}

type Installation = { readonly provider: TokenProvider; readonly server: TestServer; goOn(ms: number): void };

/** Starts oidc-provider and a server that asks it, until the test ends. */
async function install(init: Endpoint = {}, introspectionSecret?: string): Promise<Installation> {
  const provider = await startTokenProvider();
  onTestFinished(() => provider[Symbol.asyncDispose]());
  const server = await serverAsking(provider.introspectionEndpoint, init, introspectionSecret);
  return { provider, server, goOn: (ms) => server.clock.set(server.clock.now() + ms) };
}

function push(
  server: TestServer,
  token: string,
  { protocol = "rest", operator = parent, planGroupId = freshKey() }: PushInit = {},
): Promise<unknown> {
  return server.client(protocol, token).createPlanGroup({ parent: operator, planGroupId });
}

type PushInit = { protocol?: PlanSharingProtocol; operator?: string; planGroupId?: string };

/** Fails unless a push is refused as invalid_token for this reason. */
async function expectInvalid(call: Promise<unknown>, description: string): Promise<void> {
  const refusal = await apiErrorOf(call);
  expect(refusal).toMatchObject({ code: "Unauthenticated", reason: "CREDENTIALS_INVALID" });
  expect(refusal.headers.get("www-authenticate")).toBe(
    `${realm}, error="invalid_token", error_description="${description}"`,
  );
}

/** Fails unless a call is refused as unverifiable, with a time to come back and nothing about the inside. */
async function expectUnverifiable(call: Promise<unknown>): Promise<void> {
  const error = await call.then(
    () => expect.fail("the call was not refused"),
    (reason: unknown) => reason as ConnectError,
  );
  const { code, reason, message, headers } = await apiErrorOf(Promise.reject(error));
  expect({ code, reason, message }).toEqual({
    code: "Unavailable",
    reason: "CREDENTIALS_UNVERIFIABLE",
    message: "the introspection endpoint of the token's issuer is not available; retry later",
  });
  expect(headers.get("www-authenticate")).toBeNull();
  expect(error.findDetails(RetryInfoSchema)).toMatchObject([{ retryDelay: { seconds: 1n } }]);
}

const inactive = "the access token is not active";

describe("an opaque token", () => {
  // For tests that leave the clock and the provider as they are.
  let provider: TokenProvider;
  let server: TestServer;
  beforeAll(async () => {
    provider = await startTokenProvider();
    server = await startServerAsking(provider.introspectionEndpoint);
  });
  afterAll(async () => {
    expect(server.failures).toEqual([]);
    await Promise.all([server[Symbol.asyncDispose](), provider[Symbol.asyncDispose]()]);
  });

  it("that its issuer calls active pushes and reads on every protocol", async () => {
    const token = await provider.token();
    for (const protocol of protocols) {
      const planGroupId = freshKey();
      await push(server, token, { protocol, planGroupId });
      await server.client(protocol, token).getPlanGroup({ name: `${parent}/planGroups/${planGroupId}` });
    }
  });

  it("has its own scopes and operators, and no others", async () => {
    const reader = await provider.token({ scopes: [readScope] });
    expect(await apiErrorOf(push(server, reader))).toMatchObject({ reason: "SCOPE_INSUFFICIENT" });
    const acme = await provider.token();
    expect(await apiErrorOf(push(server, acme, { operator: "operators/65002" }))).toMatchObject({
      reason: "OPERATOR_NOT_LINKED",
    });
    const visitor = await provider.token({ client: "visitor" });
    expect(await apiErrorOf(push(server, visitor))).toMatchObject({ reason: "OPERATOR_NOT_LINKED" });
  });

  it("may be of an account that the configuration links to operators", async () => {
    const own = await serverAsking(provider.introspectionEndpoint, {
      accounts: [{ account: "visitor", asns: [65002] }],
    });
    const visitor = await provider.token({ client: "visitor" });
    await push(own, visitor, { operator: "operators/65002" });
    expect(await apiErrorOf(push(own, visitor))).toMatchObject({ reason: "OPERATOR_NOT_LINKED" });
  });

  it("is refused when its issuer names no account", async () => {
    const own = await serverAsking(provider.introspectionEndpoint, { claims: {} });
    await expectInvalid(
      push(own, await provider.token()),
      "the access token has a missing or invalid claim: sub",
    );
  });

  it.each(protocols)("that was revoked is refused over %s, and stores nothing", async (protocol) => {
    const token = await provider.token();
    await provider.revoke(token);
    const planGroupId = freshKey();
    await expectInvalid(push(server, token, { protocol, planGroupId }), inactive);
    const read = server.client("rest").getPlanGroup({ name: `${parent}/planGroups/${planGroupId}` });
    expect(await apiErrorOf(read)).toMatchObject({ reason: "PLAN_GROUP_NOT_FOUND" });
  });

  it("that nobody issued is refused", async () => {
    await expectInvalid(push(server, "no-such-token"), inactive);
  });

  it("that the issuer calls active beyond its exp is refused by the server's clock", async () => {
    const own = await serverAsking(provider.introspectionEndpoint);
    const token = await provider.token();
    await push(own, token);
    // A minute more, for the token was made after the clock was set.
    own.clock.set(own.clock.now() + hour + minute);
    await expectInvalid(push(own, token), "the access token has expired");
  });

  it("that is meant for us by aud and iss is accepted", async () => {
    const own = await serverAsking(provider.introspectionEndpoint, { audiences: ["urn:any", resource] });
    await push(own, await provider.token());
    const other = await serverAsking(provider.introspectionEndpoint, { issuer: provider.issuer });
    await push(other, await provider.token());
  });

  it("that is meant for another resource is refused", async () => {
    const own = await serverAsking(provider.introspectionEndpoint, { audiences: [resource] });
    const token = await provider.token({ resource: "urn:test:something-else" });
    await expectInvalid(push(own, token), "the access token has a missing or invalid claim: aud");
  });

  it("of another issuer than the configuration says is refused", async () => {
    const own = await serverAsking(provider.introspectionEndpoint, { issuer: "https://other.test" });
    await expectInvalid(
      push(own, await provider.token()),
      "the access token has a missing or invalid claim: iss",
    );
  });

  it("does not go to the issuer when it is the server's own, or a JWT with its name", async () => {
    const before = provider.introspections();
    await push(server, server.token);
    const forged = new UnsecuredJWT({ scope: pushScope }).setIssuer("mobile-data-plan-sharing").encode();
    expect(await apiErrorOf(push(server, `${forged}AAAA`))).toMatchObject({ reason: "CREDENTIALS_INVALID" });
    expect(provider.introspections()).toBe(before);
  });

  it("does not go to the issuer when it is a JWT of somebody else", async () => {
    const before = provider.introspections();
    const token = new UnsecuredJWT({ scope: pushScope }).setIssuer("https://other.test").encode();
    await expectInvalid(push(server, `${token}AAAA`), "the access token has an unknown issuer");
    expect(provider.introspections()).toBe(before);
  });
});

describe("what the issuer said", () => {
  it("that a token is active, is believed for a minute, and asked for once meanwhile", async () => {
    const { provider, server, goOn } = await install();
    const token = await provider.token();
    for (const protocol of protocols) {
      await push(server, token, { protocol });
    }
    expect(provider.introspections()).toBe(1);
    await provider.revoke(token);
    goOn(minute - 1);
    await push(server, token);
    expect(provider.introspections()).toBe(1);
    goOn(1);
    await expectInvalid(push(server, token), inactive);
    expect(provider.introspections()).toBe(2);
  });

  it("that a token is active, is believed for as long as the configuration says", async () => {
    const { provider, server, goOn } = await install({ activeTtl: durationFromMs(5 * second) });
    const token = await provider.token();
    await push(server, token);
    goOn(5 * second - 1);
    await push(server, token);
    expect(provider.introspections()).toBe(1);
    goOn(1);
    await push(server, token);
    expect(provider.introspections()).toBe(2);
  });

  it("is not believed at all with a time of 0", async () => {
    const { provider, server } = await install({
      activeTtl: durationFromMs(0),
      inactiveTtl: durationFromMs(0),
    });
    const token = await provider.token();
    await push(server, token);
    await push(server, token);
    await provider.revoke(token);
    await expectInvalid(push(server, token), inactive);
    await expectInvalid(push(server, token), inactive);
    expect(provider.introspections()).toBe(4);
  });

  it("that a token is active, is not believed beyond its exp", async () => {
    const { provider, server, goOn } = await install({ activeTtl: durationFromMs(hour) });
    const token = await provider.token();
    goOn(hour - minute);
    await push(server, token);
    goOn(2 * minute);
    await expectInvalid(push(server, token), "the access token has expired");
  });

  it("that a token is not active, is believed for ten seconds", async () => {
    const { provider, server, goOn } = await install();
    for (const _ of protocols) {
      await expectInvalid(push(server, "no-such-token"), inactive);
    }
    expect(provider.introspections()).toBe(1);
    goOn(10 * second - 1);
    await expectInvalid(push(server, "no-such-token"), inactive);
    expect(provider.introspections()).toBe(1);
    goOn(1);
    await expectInvalid(push(server, "no-such-token"), inactive);
    expect(provider.introspections()).toBe(2);
  });

  it("of one token says nothing of another", async () => {
    const { provider, server } = await install();
    const [good, bad] = [await provider.token(), await provider.token()];
    await provider.revoke(bad);
    await push(server, good);
    await expectInvalid(push(server, bad), inactive);
    await push(server, good);
    expect(provider.introspections()).toBe(2);
  });

  it("is asked for once when 50 calls come at the same time", async () => {
    const { provider, server } = await install();
    const token = await provider.token();
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        push(server, token, { protocol: protocols[index % protocols.length] ?? "rest" }),
      ),
    );
    expect(provider.introspections()).toBe(1);
  });

  it("is asked for once when 50 calls come with a bad token", async () => {
    const { provider, server } = await install({ inactiveTtl: durationFromMs(0) });
    // Held up until all are there: what is not kept is shared nevertheless.
    await provider.behave("stalls");
    const calls = Array.from({ length: 50 }, () => apiErrorOf(push(server, "no-such-token")));
    await provider.asked(1);
    await provider.behave("is unreachable");
    for (const { reason } of await Promise.all(calls)) {
      expect(reason).toBe("CREDENTIALS_UNVERIFIABLE");
    }
    expect(provider.introspections()).toBe(1);
  });
});

describe("the memory of tokens", () => {
  // Ten thousand requests would take longer than they prove: this is the part that they would all go through.
  const principal = { account: "acme", asns: new Set<number>(), scopes: new Set<string>() };

  function verifierOf(result: (token: string) => Verified | Rejected) {
    const asked: string[] = [];
    const source = {
      verify: async (token: string) => {
        asked.push(token);
        return result(token);
      },
    };
    const verify = createTokenVerifier({
      clock: createTestClock(),
      sourceOf: () => undefined,
      opaque: source,
    });
    return { verify, asked };
  }

  it.each<[string, (token: string) => Verified | Rejected]>([
    ["bad ones", () => ({ rejected: "no", cacheUntilMs: Number.POSITIVE_INFINITY })],
    ["good ones", () => ({ cacheUntilMs: Number.POSITIVE_INFINITY, principal: () => principal })],
  ])("holds 10,000 %s: then the oldest goes", async (_, result) => {
    const { verify, asked } = verifierOf(result);
    for (let index = 0; index < 10_000; index += 1) {
      await verify(`token-${index}`);
    }
    await verify("token-0");
    expect(asked).toHaveLength(10_000);
    await verify("one-more");
    await verify("token-1");
    expect(asked).toHaveLength(10_001);
    await verify("token-0");
    expect(asked).toHaveLength(10_002);
  });

  it("keeps good ones through a flood of bad ones", async () => {
    const { verify, asked } = verifierOf((token) =>
      token === "good"
        ? { cacheUntilMs: Number.POSITIVE_INFINITY, principal: () => principal }
        : { rejected: "no", cacheUntilMs: Number.POSITIVE_INFINITY },
    );
    await verify("good");
    for (let index = 0; index < 10_001; index += 1) {
      await verify(`bad-${index}`);
    }
    await verify("good");
    expect(asked.filter((token) => token === "good")).toHaveLength(1);
  });
});

const outages: Behaviour[] = ["fails", "stalls", "stalls in the body", "is unreachable"];

describe.each(outages)("while the issuer %s", (behaviour) => {
  // Slow enough for a busy machine to answer in, for the test begins with an answer.
  const requestTimeout = durationFromMs(700);

  it("a token fails closed on every protocol and stores nothing, also one that was accepted before", async () => {
    const { provider, server, goOn } = await install({ requestTimeout });
    const [known, unknown] = [await provider.token(), await provider.token()];
    await push(server, known);
    await provider.behave(behaviour);
    const planGroupId = freshKey();
    await Promise.all(
      protocols.map((protocol) => expectUnverifiable(push(server, unknown, { protocol, planGroupId }))),
    );
    const read = server.client("rest").getPlanGroup({ name: `${parent}/planGroups/${planGroupId}` });
    expect(await apiErrorOf(read)).toMatchObject({ reason: "PLAN_GROUP_NOT_FOUND" });
    // What is still believed goes on; its time is not prolonged by the outage.
    goOn(minute - 1);
    await push(server, known);
    goOn(1);
    await expectUnverifiable(push(server, known));
    await push(server, server.token);
    // Nothing of it is remembered.
    await provider.behave("answers");
    await push(server, unknown);
    await push(server, known);
  });
});

describe("an outage of the issuer", () => {
  it("is answered before the body is read", async () => {
    const { provider, server } = await install();
    await provider.behave("fails");
    const socket = await openSocket(server.port);
    socket.write(
      `POST /v1/${parent}/planGroups HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n` +
        "content-type: application/json\r\nauthorization: Bearer abc\r\n\r\n",
    );
    expect(await socket.received(/\r\n\r\n[\s\S]*\}/)).toMatch(/^HTTP\/1\.1 503 /);
    socket.destroy();
  });
});

describe("the client secret", () => {
  it("that is wrong makes every token unverifiable, not inactive", async () => {
    const { provider, server } = await install({}, "wrong");
    await expectUnverifiable(push(server, await provider.token()));
  });
});

type Answer = { body: unknown; status?: number; location?: string };

const active = { active: true, client_id: "acme", scope: `${pushScope} ${readScope}`, asns: [65001] };
const forUs = { issuer: "urn:iss", audiences: ["urn:a"] };

describe("an endpoint", () => {
  let answer: Answer;
  let headers: string[];
  let front: Front;
  let server: TestServer;
  /** Wants `forUs`. */
  let strict: TestServer;
  beforeAll(async () => {
    front = await startFront(() => (request, response) => {
      const { body, status = 200, location } = answer;
      headers.push(request.headers.authorization ?? "");
      response
        .writeHead(status, { "content-type": "application/json", ...(location && { location }) })
        .end(typeof body === "string" ? body : JSON.stringify(body));
    });
    const endpoint = `${front.url}/introspect`;
    server = await startServerAsking(endpoint, { clientId: "a:b c" });
    strict = await startServerAsking(endpoint, forUs);
  });
  beforeEach(() => {
    answer = { body: active };
    headers = [];
  });
  afterAll(async () => {
    expect([...server.failures, ...strict.failures]).toEqual([]);
    await Promise.all([server, strict, front].map((each) => each[Symbol.asyncDispose]()));
  });

  it("is asked with HTTP Basic, its id and secret form-encoded (RFC 6749 2.3.1)", async () => {
    await push(server, freshKey());
    const [header = ""] = headers;
    const credentials = Buffer.from(header.replace(/^Basic /, ""), "base64").toString();
    expect(credentials).toBe(`a%3Ab+c:${introspector.secret.replaceAll("-", "%2D")}`);
  });

  it.each<[string, Answer]>([
    ["text that is no JSON", { body: "<html>" }],
    ["nothing", { body: "" }],
    ["null", { body: "null" }],
    ["a list", { body: [active] }],
    ["no active", { body: { client_id: "acme" } }],
    ["active as a text", { body: { ...active, active: "true" } }],
    ["active as a number", { body: { ...active, active: 1 } }],
    ["exp as a text", { body: { ...active, exp: "4102444800" } }],
    ["exp as null", { body: { ...active, exp: null } }],
    ["an endless exp", { body: JSON.stringify(active).replace("{", '{"exp":1e999,') }],
    ["nbf as a text", { body: { ...active, nbf: "0" } }],
    ["201", { body: active, status: 201 }],
    ["400", { body: active, status: 400 }],
    ["401", { body: active, status: 401 }],
    ["500", { body: active, status: 500 }],
  ])("that answers %s makes tokens unverifiable", async (_, wrong) => {
    answer = wrong;
    await expectUnverifiable(push(server, freshKey()));
  });

  it("that redirects is not followed: the token and the secret stay here", async () => {
    answer = { body: "", status: 307, location: "/elsewhere" };
    await expectUnverifiable(push(server, freshKey()));
    expect(front.requests).not.toContain("/elsewhere");
  });

  it("that answers no exp is believed for the usual time", async () => {
    const token = freshKey();
    await push(server, token);
    await push(server, token);
    expect(headers).toHaveLength(1);
    server.clock.set(server.clock.now() + minute);
    await push(server, token);
    expect(headers).toHaveLength(2);
  });

  it.each<[string, object, string]>([
    ["inactive, whatever else it says", { active: false }, inactive],
    ["an exp in the past", { exp: 1 }, "the access token has expired"],
    ["an nbf in the future", { nbf: 4_102_444_800 }, "the access token is not valid yet"],
    ["no aud", { aud: undefined }, "the access token has a missing or invalid claim: aud"],
    ["another aud", { aud: "urn:b" }, "the access token has a missing or invalid claim: aud"],
    ["other auds", { aud: ["urn:b", "urn:a:b"] }, "the access token has a missing or invalid claim: aud"],
    ["null as aud", { aud: null }, "the access token has a missing or invalid claim: aud"],
    ["no iss", { iss: undefined }, "the access token has a missing or invalid claim: iss"],
    ["a list as iss", { iss: ["urn:iss"] }, "the access token has a missing or invalid claim: iss"],
  ])("that answers %s gets the token refused", async (_, change, description) => {
    answer = { body: { ...active, iss: "urn:iss", aud: "urn:a", ...change } };
    await expectInvalid(push(strict, freshKey()), description);
  });

  it.each<[string, unknown]>([
    ["as a text", "urn:a"],
    ["as a list that holds ours", ["urn:b", "urn:a"]],
  ])("that answers aud %s gets the token accepted", async (_, aud) => {
    answer = { body: { ...active, iss: "urn:iss", aud } };
    await push(strict, freshKey());
  });
});
