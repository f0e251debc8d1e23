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
import { sentToken } from "../../../src/auth/sent-token.ts";
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
import { scrape, sumOf } from "../../support/http/exposition.ts";
import { openSocket } from "../../support/http/raw-socket.ts";
import { hour, minute, second } from "../../support/plan-statuses.ts";
import { createTestClock } from "../../support/test-clock.ts";
import { freshKey, parent, protocols, startTestServer, type TestServer } from "../../support/test-server.ts";

const realm = 'Bearer realm="mobile-data-plan-sharing"';

type Endpoint = Omit<
  Exclude<MessageInitShape<typeof IntrospectionEndpointSchema>, { $typeName: string }>,
  "endpoint"
>;

/** Starts a server that uses an introspection endpoint. Its clock starts at the real time, which the provider uses. */
function startServerWith(
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
async function serverWith(...args: Parameters<typeof startServerWith>): Promise<TestServer> {
  const server = await startServerWith(...args);
  onTestFinished(async () => {
    expect(server.failures).toEqual([]);
    await server[Symbol.asyncDispose]();
  });
  return server;
}

type Installation = {
  readonly provider: TokenProvider;
  readonly server: TestServer;
  advance(ms: number): void;
};

/** Starts oidc-provider and a server that uses it, until the test ends. */
async function install(init: Endpoint = {}, introspectionSecret?: string): Promise<Installation> {
  const provider = await startTokenProvider();
  onTestFinished(() => provider[Symbol.asyncDispose]());
  const server = await serverWith(provider.introspectionEndpoint, init, introspectionSecret);
  return { provider, server, advance: (ms) => server.clock.set(server.clock.now() + ms) };
}

function push(
  server: TestServer,
  token: string,
  { protocol = "rest", operator = parent, planGroupId = freshKey() }: PushInit = {},
): Promise<unknown> {
  return server.client(protocol, token).createPlanGroup({ parent: operator, planGroupId });
}

type PushInit = { protocol?: PlanSharingProtocol; operator?: string; planGroupId?: string };

/** Expects a push to fail with invalid_token and this description. */
async function expectInvalid(call: Promise<unknown>, description: string): Promise<void> {
  const error = await apiErrorOf(call);
  expect(error).toMatchObject({ code: "Unauthenticated", reason: "CREDENTIALS_INVALID" });
  expect(error.headers.get("www-authenticate")).toBe(
    `${realm}, error="invalid_token", error_description="${description}"`,
  );
}

/** Expects CREDENTIALS_UNVERIFIABLE with a time to retry and no internals. */
async function expectUnverifiable(call: Promise<unknown>): Promise<void> {
  const error = await call.then(
    () => expect.fail("the call succeeded"),
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

const planGroup = { $typeName: "mobiledataplansharing.v1.PlanGroup" };
const inactive = "the access token is not active";

describe("an opaque token", () => {
  // For tests that do not change the clock and the provider.
  let provider: TokenProvider;
  let server: TestServer;
  beforeAll(async () => {
    provider = await startTokenProvider();
    server = await startServerWith(provider.introspectionEndpoint);
  });
  afterAll(async () => {
    expect(server.failures).toEqual([]);
    await Promise.all([server[Symbol.asyncDispose](), provider[Symbol.asyncDispose]()]);
  });

  it("accepts an active opaque token on every protocol", async () => {
    const token = await provider.token();
    for (const protocol of protocols) {
      const planGroupId = freshKey();
      await push(server, token, { protocol, planGroupId });
      const name = `${parent}/planGroups/${planGroupId}`;
      expect(await server.client(protocol, token).getPlanGroup({ name })).toMatchObject({ name });
    }
  });

  it("limits an opaque token to its scopes and operators", async () => {
    const reader = await provider.token({ scopes: [readScope] });
    expect(await apiErrorOf(push(server, reader))).toMatchObject({ reason: "SCOPE_INSUFFICIENT" });
    const acme = await provider.token();
    expect(await apiErrorOf(push(server, acme, { operator: "operators/65002" }))).toMatchObject({
      reason: "OPERATOR_NOT_LINKED",
    });
    const visitor = await provider.token({ client: "visitor" });
    expect(await apiErrorOf(push(server, visitor))).toMatchObject({ reason: "OPERATOR_NOT_LINKED" });
  });

  it("accepts an opaque token of an account that the configuration links to the operator", async () => {
    const own = await serverWith(provider.introspectionEndpoint, {
      accounts: [{ account: "visitor", asns: [65002] }],
    });
    const visitor = await provider.token({ client: "visitor" });
    await push(own, visitor, { operator: "operators/65002" });
    expect(await apiErrorOf(push(own, visitor))).toMatchObject({ reason: "OPERATOR_NOT_LINKED" });
  });

  it("rejects an opaque token without an account claim", async () => {
    const own = await serverWith(provider.introspectionEndpoint, { claims: {} });
    await expectInvalid(
      push(own, await provider.token()),
      "the access token has a missing or invalid claim: sub",
    );
  });

  it.each(protocols)("rejects a revoked opaque token over %s and stores nothing", async (protocol) => {
    const token = await provider.token();
    await provider.revoke(token);
    const planGroupId = freshKey();
    await expectInvalid(push(server, token, { protocol, planGroupId }), inactive);
    const read = server.client("rest").getPlanGroup({ name: `${parent}/planGroups/${planGroupId}` });
    expect(await apiErrorOf(read)).toMatchObject({ reason: "PLAN_GROUP_NOT_FOUND" });
  });

  it("rejects an opaque token that was never issued", async () => {
    await expectInvalid(push(server, "no-such-token"), inactive);
  });

  it("rejects an active opaque token after its exp by the clock of the server", async () => {
    const own = await serverWith(provider.introspectionEndpoint);
    const token = await provider.token();
    await push(own, token);
    // One minute more, because the token was issued after the clock was set.
    own.clock.set(own.clock.now() + hour + minute);
    await expectInvalid(push(own, token), "the access token has expired: fetch a new one");
  });

  it("accepts an opaque token with the configured aud and iss", async () => {
    const own = await serverWith(provider.introspectionEndpoint, { audiences: ["urn:any", resource] });
    expect(await push(own, await provider.token())).toMatchObject(planGroup);
    const other = await serverWith(provider.introspectionEndpoint, { issuer: provider.issuer });
    expect(await push(other, await provider.token())).toMatchObject(planGroup);
  });

  it("rejects an opaque token for another resource", async () => {
    const own = await serverWith(provider.introspectionEndpoint, { audiences: [resource] });
    const token = await provider.token({ resource: "urn:test:something-else" });
    await expectInvalid(push(own, token), "the access token has a missing or invalid claim: aud");
  });

  it("compares the audiences with the configured member of the response", async () => {
    const init = {
      audiences: ["acme"],
      claims: { account: "client_id", asns: "asns", audience: "client_id" },
    };
    const own = await serverWith(provider.introspectionEndpoint, init);
    expect(await push(own, await provider.token())).toMatchObject(planGroup);
    await expectInvalid(
      push(own, await provider.token({ client: "visitor" })),
      "the access token has a missing or invalid claim: client_id",
    );
  });

  it("rejects an opaque token of another issuer than the configured one", async () => {
    const own = await serverWith(provider.introspectionEndpoint, { issuer: "https://other.test" });
    await expectInvalid(
      push(own, await provider.token()),
      "the access token has a missing or invalid claim: iss",
    );
  });

  it("does not introspect tokens of the server itself or JWTs with its issuer", async () => {
    const before = provider.introspections();
    await push(server, server.token);
    const forged = new UnsecuredJWT({ scope: pushScope }).setIssuer("mobile-data-plan-sharing").encode();
    expect(await apiErrorOf(push(server, `${forged}AAAA`))).toMatchObject({ reason: "CREDENTIALS_INVALID" });
    expect(provider.introspections()).toBe(before);
  });

  it("does not introspect a JWT of an unknown issuer", async () => {
    const before = provider.introspections();
    const token = new UnsecuredJWT({ scope: pushScope }).setIssuer("https://other.test").encode();
    await expectInvalid(
      push(server, `${token}AAAA`),
      "the access token has an unknown issuer: send a token of this server",
    );
    expect(provider.introspections()).toBe(before);
  });
});

describe("the cache of introspections", () => {
  it("caches an active token for one minute", async () => {
    const { provider, server, advance } = await install();
    const token = await provider.token();
    for (const protocol of protocols) {
      await push(server, token, { protocol });
    }
    expect(provider.introspections()).toBe(1);
    await provider.revoke(token);
    advance(minute - 1);
    await push(server, token);
    expect(provider.introspections()).toBe(1);
    advance(1);
    await expectInvalid(push(server, token), inactive);
    expect(provider.introspections()).toBe(2);
  });

  it("caches an active token for the configured activeTtl", async () => {
    const { provider, server, advance } = await install({ activeTtl: durationFromMs(5 * second) });
    const token = await provider.token();
    await push(server, token);
    advance(5 * second - 1);
    await push(server, token);
    expect(provider.introspections()).toBe(1);
    advance(1);
    await push(server, token);
    expect(provider.introspections()).toBe(2);
  });

  it("caches nothing with a TTL of 0", async () => {
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

  it("does not cache an active token beyond its exp", async () => {
    const { provider, server, advance } = await install({ activeTtl: durationFromMs(hour) });
    const token = await provider.token();
    advance(hour - minute);
    await push(server, token);
    advance(2 * minute);
    await expectInvalid(push(server, token), "the access token has expired: fetch a new one");
  });

  it("caches an inactive token for ten seconds", async () => {
    const { provider, server, advance } = await install();
    for (const _ of protocols) {
      await expectInvalid(push(server, "no-such-token"), inactive);
    }
    expect(provider.introspections()).toBe(1);
    advance(10 * second - 1);
    await expectInvalid(push(server, "no-such-token"), inactive);
    expect(provider.introspections()).toBe(1);
    advance(1);
    await expectInvalid(push(server, "no-such-token"), inactive);
    expect(provider.introspections()).toBe(2);
  });

  it("caches active and inactive tokens separately", async () => {
    const { provider, server } = await install();
    const [good, bad] = [await provider.token(), await provider.token()];
    await provider.revoke(bad);
    await push(server, good);
    await expectInvalid(push(server, bad), inactive);
    await push(server, good);
    expect(provider.introspections()).toBe(2);
  });

  it("introspects a token once for 50 concurrent calls", async () => {
    const { provider, server } = await install();
    const token = await provider.token();
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        push(server, token, { protocol: protocols[index % protocols.length] ?? "rest" }),
      ),
    );
    expect(provider.introspections()).toBe(1);
  });

  it("introspects an invalid token once for 50 concurrent calls, although it caches nothing", async () => {
    const { provider, server } = await install({ inactiveTtl: durationFromMs(0) });
    // The endpoint stalls until all calls wait: results that are not cached are shared.
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

describe("createTokenVerifier", () => {
  // Tested without a server, because ten thousand requests would take long.
  const principal = { account: "acme", asns: new Set<number>(), scopes: new Set<string>() };

  function verifierOf(result: (token: string) => Verified | Rejected) {
    const asked: string[] = [];
    const verifyToken = createTokenVerifier({
      clock: createTestClock(),
      verifierOf: () => undefined,
      opaque: async (token) => {
        asked.push(token);
        return result(token);
      },
    });
    return { verify: (token: string) => verifyToken(sentToken(token)), asked };
  }

  it.each<[string, (token: string) => Verified | Rejected]>([
    ["rejected tokens", () => ({ rejected: "no", cacheUntilMs: Number.POSITIVE_INFINITY })],
    ["verified tokens", () => ({ cacheUntilMs: Number.POSITIVE_INFINITY, principal: () => principal })],
  ])("caches 10,000 %s and then removes the oldest", async (_, result) => {
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

  it("keeps verified tokens in the cache during a flood of rejected ones", async () => {
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

describe.each(outages)("introspection while the endpoint %s", (behaviour) => {
  // Long enough for the first answer on a busy machine.
  const requestTimeout = durationFromMs(700);

  it(`rejects unknown and expired cached tokens on every protocol and stores nothing while the endpoint ${behaviour}`, async () => {
    const { provider, server, advance } = await install({ requestTimeout });
    const [known, unknown] = [await provider.token(), await provider.token()];
    await push(server, known);
    await provider.behave(behaviour);
    const planGroupId = freshKey();
    await Promise.all(
      protocols.map((protocol) => expectUnverifiable(push(server, unknown, { protocol, planGroupId }))),
    );
    const read = server.client("rest").getPlanGroup({ name: `${parent}/planGroups/${planGroupId}` });
    expect(await apiErrorOf(read)).toMatchObject({ reason: "PLAN_GROUP_NOT_FOUND" });
    // Cached results stay valid. The outage does not extend them.
    advance(minute - 1);
    await push(server, known);
    advance(1);
    await expectUnverifiable(push(server, known));
    await push(server, server.token);
    // Failures are not cached.
    await provider.behave("answers");
    await push(server, unknown);
    await push(server, known);
  });
});

describe("an outage of the introspection endpoint", () => {
  it("answers 503 before the body when the introspection endpoint fails", async () => {
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
  it("answers CREDENTIALS_UNVERIFIABLE for every token when the client secret is wrong", async () => {
    const { provider, server } = await install({}, "wrong");
    await expectUnverifiable(push(server, await provider.token()));
  });
});

type Answer = { body: unknown; status?: number; location?: string };

const active = { active: true, client_id: "acme", scope: `${pushScope} ${readScope}`, asns: [65001] };
const restricted = { issuer: "urn:iss", audiences: ["urn:a"] };

describe("the introspection endpoint", () => {
  let answer: Answer;
  let headers: string[];
  let front: Front;
  let server: TestServer;
  /** Requires the issuer and audience of `restricted`. */
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
    server = await startServerWith(endpoint, { clientId: "a:b c" });
    strict = await startServerWith(endpoint, restricted);
  });
  beforeEach(() => {
    answer = { body: active };
    headers = [];
  });
  afterAll(async () => {
    expect([...server.failures, ...strict.failures]).toEqual([]);
    await Promise.all([server, strict, front].map((each) => each[Symbol.asyncDispose]()));
  });

  it("receives the client ID and secret form-encoded in HTTP Basic (RFC 6749 2.3.1)", async () => {
    await push(server, freshKey());
    const [header = ""] = headers;
    const credentials = Buffer.from(header.replace(/^Basic /, ""), "base64").toString();
    expect(credentials).toBe(`a%3Ab+c:${introspector.secret.replaceAll("-", "%2D")}`);
  });

  it.each<[string, Answer]>([
    ["text that is not JSON", { body: "<html>" }],
    ["an empty body", { body: "" }],
    ["null", { body: "null" }],
    ["a list", { body: [active] }],
    ["an object without active", { body: { client_id: "acme" } }],
    ["active as a string", { body: { ...active, active: "true" } }],
    ["active as a number", { body: { ...active, active: 1 } }],
    ["exp as a string", { body: { ...active, exp: "4102444800" } }],
    ["exp as null", { body: { ...active, exp: null } }],
    ["an infinite exp", { body: JSON.stringify(active).replace("{", '{"exp":1e999,') }],
    ["nbf as a string", { body: { ...active, nbf: "0" } }],
    ["201", { body: active, status: 201 }],
    ["400", { body: active, status: 400 }],
    ["401", { body: active, status: 401 }],
    ["500", { body: active, status: 500 }],
  ])("answers CREDENTIALS_UNVERIFIABLE when the introspection endpoint answers %s", async (_, wrong) => {
    answer = wrong;
    await expectUnverifiable(push(server, freshKey()));
  });

  it("does not follow a redirect of the introspection endpoint", async () => {
    answer = { body: "", status: 307, location: "/elsewhere" };
    await expectUnverifiable(push(server, freshKey()));
    expect(front.requests).not.toContain("/elsewhere");
  });

  it("caches a token without exp for one minute", async () => {
    const token = freshKey();
    await push(server, token);
    await push(server, token);
    expect(headers).toHaveLength(1);
    server.clock.set(server.clock.now() + minute);
    await push(server, token);
    expect(headers).toHaveLength(2);
  });

  it.each<[string, object, string]>([
    ["active false", { active: false }, inactive],
    ["an exp in the past", { exp: 1 }, "the access token has expired: fetch a new one"],
    ["an nbf in the future", { nbf: 4_102_444_800 }, "the access token is not valid yet"],
    ["no aud", { aud: undefined }, "the access token has a missing or invalid claim: aud"],
    ["another aud", { aud: "urn:b" }, "the access token has a missing or invalid claim: aud"],
    ["other auds", { aud: ["urn:b", "urn:a:b"] }, "the access token has a missing or invalid claim: aud"],
    ["null as aud", { aud: null }, "the access token has a missing or invalid claim: aud"],
    ["no iss", { iss: undefined }, "the access token has a missing or invalid claim: iss"],
    ["a list as iss", { iss: ["urn:iss"] }, "the access token has a missing or invalid claim: iss"],
  ])("rejects the token when the introspection endpoint answers %s", async (_, change, description) => {
    answer = { body: { ...active, iss: "urn:iss", aud: "urn:a", ...change } };
    await expectInvalid(push(strict, freshKey()), description);
  });

  it.each<[string, unknown]>([
    ["as a string", "urn:a"],
    ["as a list that contains the configured one", ["urn:b", "urn:a"]],
  ])("accepts the token when the introspection endpoint answers aud %s", async (_, aud) => {
    answer = { body: { ...active, iss: "urn:iss", aud } };
    expect(await push(strict, freshKey())).toMatchObject(planGroup);
  });
});

it("at most 64 introspection requests run at once, however many new tokens arrive, and others wait for their turn", async () => {
  const provider = await startTokenProvider();
  onTestFinished(() => provider[Symbol.asyncDispose]());
  await provider.behave("stalls");
  const clock = createTestClock();
  clock.set(Date.now());
  await using server = await startTestServer({
    clock,
    introspectionSecret: introspector.secret,
    admin: { host: "127.0.0.1", port: 0 },
    auth: create(AuthConfigSchema, {
      introspection: { endpoint: provider.introspectionEndpoint, clientId: introspector.id },
    }),
  });
  const path = new URL(provider.introspectionEndpoint).pathname;
  const statuses = Array.from({ length: 200 }, async (_, at) => {
    const authorization = `Bearer random-${at}`;
    return (
      await fetch(`${server.url}/v1/${parent}/planGroups`, { method: "POST", headers: { authorization } })
    ).status;
  });
  const inFlight = async () => sumOf(await scrape(server.adminUrl), "mdps_requests_in_flight");
  await expect.poll(inFlight).toBe(200);
  expect(provider.countOf(path)).toBe(64);
  // Also fails the requests that stall.
  await provider.behave("answers");
  const counts = Object.groupBy(await Promise.all(statuses), String);
  expect([counts[503]?.length, counts[401]?.length]).toEqual([64, 136]);
  expect(provider.countOf(path)).toBe(200);
});

it("a token that waits for its introspection as long as a request may take is answered with CREDENTIALS_UNVERIFIABLE", async () => {
  const provider = await startTokenProvider();
  onTestFinished(() => provider[Symbol.asyncDispose]());
  await provider.behave("stalls");
  const server = await serverWith(provider.introspectionEndpoint, { requestTimeout: durationFromMs(200) });
  const reasons = await Promise.all(
    Array.from({ length: 300 }, async (_, at) => {
      const push = server.client("rest", `random-${at}`).createPlanGroup({ parent, planGroupId: "g" });
      return (await apiErrorOf(push)).reason;
    }),
  );
  expect(new Set(reasons)).toEqual(new Set(["CREDENTIALS_UNVERIFIABLE"]));
  expect(provider.countOf(new URL(provider.introspectionEndpoint).pathname)).toBeLessThan(300);
});
