import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { RetryInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import {
  AuthConfigSchema,
  type JwtIssuerSchema,
} from "../../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import { pushScope, readScope } from "../../../src/auth/scopes.ts";
import type { PlanSharingProtocol } from "../../../src/client/index.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import {
  type Behaviour,
  type JwtProvider,
  startJwtProvider,
  type TokenOptions,
} from "../../support/auth/identity-providers.ts";
import { secondsFromNow } from "../../support/auth/jwt-forge.ts";
import { openSocket } from "../../support/http/raw-socket.ts";
import { hour, minute, planStatus, second } from "../../support/plan-statuses.ts";
import { freshKey, parent, protocols, startTestServer, type TestServer } from "../../support/test-server.ts";

const audience = "https://mdps.test";
/** For changes that take effect later. The timeout is long so that slow machines pass. */
const soon = { interval: 50 };
const realm = 'Bearer realm="mobile-data-plan-sharing"';

type IssuerInit = Omit<
  Exclude<MessageInitShape<typeof JwtIssuerSchema>, { $typeName: string }>,
  "issuer" | "jwksUri"
>;
type Claims = Readonly<Record<string, unknown>>;

/** A server that trusts a provider, and functions of the tests. */
type Installation = {
  readonly server: TestServer;
  readonly provider: JwtProvider;
  /** Returns a token that is valid except for the changed claims. */
  token(claims?: Claims, options?: TokenOptions): Promise<string>;
  /** Pushes with such a token. */
  push(claims?: Claims, options?: TokenOptions): Promise<unknown>;
  /** Returns the code and the reason of the error of such a push. */
  pushError(claims?: Claims, options?: TokenOptions): Promise<{ code: string | undefined; reason: string }>;
  /** Advances the clock of the server. */
  advance(ms: number): void;
};

/** Starts a provider and a server that trusts it. */
async function start(init: IssuerInit = {}): Promise<Installation> {
  const provider = await startJwtProvider();
  const server = await startTestServer({
    auth: create(AuthConfigSchema, {
      jwtIssuers: [
        {
          issuer: provider.issuer,
          jwksUri: provider.jwksUri,
          audiences: [audience],
          claims: { asns: "asns" },
          ...init,
        },
      ],
    }),
  });
  return using(server, provider);
}

async function stop({ server, provider }: Installation): Promise<void> {
  expect(server.failures).toEqual([]);
  await Promise.all([server[Symbol.asyncDispose](), provider[Symbol.asyncDispose]()]);
}

/** The same, until the test ends. */
async function install(init?: IssuerInit): Promise<Installation> {
  const installation = await start(init);
  onTestFinished(() => stop(installation));
  return installation;
}

function using(server: TestServer, provider: JwtProvider): Installation {
  const token = (claims: Claims = {}, options: TokenOptions = {}) =>
    provider.token({ ...rightClaims(server), ...claims }, options);
  const push = async (claims?: Claims, options?: TokenOptions) =>
    pushWith(server, await token(claims, options));
  return {
    server,
    provider,
    token,
    push,
    async pushError(claims, options) {
      const { code, reason } = await apiErrorOf(push(claims, options));
      return { code, reason };
    },
    advance: (ms) => server.clock.set(server.clock.now() + ms),
  };
}

function rightClaims({ clock }: TestServer): Claims {
  return {
    sub: "acme",
    aud: audience,
    iat: secondsFromNow(clock),
    exp: secondsFromNow(clock, 600),
    scope: `${pushScope} ${readScope}`,
    asns: [65001],
  };
}

function pushWith(
  server: TestServer,
  token: string,
  operator = parent,
  protocol: PlanSharingProtocol = "rest",
) {
  return server.client(protocol, token).createPlanGroup({ parent: operator, planGroupId: freshKey() });
}

const planGroup = { $typeName: "mobiledataplansharing.v1.PlanGroup" };
const invalid = { code: "Unauthenticated", reason: "CREDENTIALS_INVALID" };
const unverifiable = { code: "Unavailable", reason: "CREDENTIALS_UNVERIFIABLE" };
const notLinked = { code: "PermissionDenied", reason: "OPERATOR_NOT_LINKED" };

/** Expects CREDENTIALS_UNVERIFIABLE with a time to retry and no internals. */
async function expectUnverifiable(call: Promise<unknown>): Promise<void> {
  const error = await call.then(
    () => expect.fail("the call succeeded"),
    (reason: unknown) => reason as ConnectError,
  );
  const { code, reason, message, headers } = await apiErrorOf(Promise.reject(error));
  expect({ code, reason }).toEqual(unverifiable);
  expect(message).toBe("the keys of the token's issuer cannot be fetched now; retry later");
  expect(headers.get("www-authenticate")).toBeNull();
  expect(error.findDetails(RetryInfoSchema)).toMatchObject([{ retryDelay: { seconds: 1n } }]);
}

describe("a token of an identity provider", () => {
  let shared: Installation;
  beforeAll(async () => {
    shared = await start({ audiences: ["https://other.test", audience] });
  });
  afterAll(() => stop(shared));

  it.each(protocols)(
    "accepts pushes and reads with a token of an identity provider over %s",
    async (protocol) => {
      const { server, token } = shared;
      const client = server.client(protocol, await token());
      const user = { parent, clientId: "youtube", userKey: freshKey() };
      await client.createUserPlanStatus({ ...user, planStatus: planStatus() });
      await client.getUserPlanStatus(user);
      await client.createPlanGroup({ parent, planGroupId: user.userKey });
      const group = await client.getPlanGroup({ name: `${parent}/planGroups/${user.userKey}` });
      expect(group.name).toBe(`${parent}/planGroups/${user.userKey}`);
    },
  );

  it("fetches the keys of an issuer once for many tokens", async () => {
    const { push, provider } = await install();
    await Promise.all(Array.from({ length: 20 }, (_, jti) => push({ jti: String(jti) })));
    expect(provider.keyRequests()).toBe(1);
  });

  it.each<[string, unknown]>([
    ["the first of those configured", "https://other.test"],
    ["a list that holds one of them", ["https://any.test", audience]],
  ])("accepts a token whose audience is %s", async (_, aud) => {
    expect(await shared.push({ aud })).toMatchObject(planGroup);
  });

  it.each<[string, Claims, string]>([
    [
      "for another audience",
      { aud: "https://any.test" },
      "the access token has a missing or invalid claim: aud",
    ],
    ["without audience", { aud: undefined }, "the access token has a missing or invalid claim: aud"],
    ["without account", { sub: undefined }, "the access token has a missing or invalid claim: sub"],
    ["whose account is empty", { sub: "" }, "the access token has a missing or invalid claim: sub"],
    ["whose account is a number", { sub: 1 }, "the access token has a missing or invalid claim: sub"],
  ])("rejects a token %s", async (_, claims, description) => {
    const error = await apiErrorOf(shared.push(claims));
    expect(error).toMatchObject(invalid);
    expect(error.headers.get("www-authenticate")).toBe(
      `${realm}, error="invalid_token", error_description="${description}"`,
    );
  });

  it("rejects an expired token by the clock of the server, also when it is cached", async () => {
    const { push, pushError, advance, token, server } = await install({ clockSkew: durationFromMs(0) });
    const known = await token({ exp: secondsFromNow(server.clock, 30) });
    await pushWith(server, known);
    advance(30 * second - 1);
    await pushWith(server, known);
    advance(1);
    expect(await apiErrorOf(pushWith(server, known))).toMatchObject(invalid);
    await push();
    expect(await pushError({ exp: secondsFromNow(server.clock) })).toEqual(invalid);
  });

  it("accepts a token until the configured clock skew after its exp, also from the cache", async () => {
    const { advance, token, server } = await install({ clockSkew: durationFromMs(5 * second) });
    const known = await token({ exp: secondsFromNow(server.clock, 10) });
    await pushWith(server, known);
    advance(15 * second - 1);
    await pushWith(server, known);
    advance(1);
    expect(await apiErrorOf(pushWith(server, known))).toMatchObject(invalid);
  });

  it("accepts a token at its nbf after rejecting it before", async () => {
    const { advance, token, server } = await install({ clockSkew: durationFromMs(0) });
    const early = await token({ nbf: secondsFromNow(server.clock, 1) });
    expect(await apiErrorOf(pushWith(server, early))).toMatchObject(invalid);
    advance(second);
    await pushWith(server, early);
  });
});

describe("algorithms", () => {
  it("accepts RS256 and ES256 by default and no other algorithms", async () => {
    const { provider, push, pushError } = await install();
    await provider.makeKey("RS256", "rsa");
    await provider.makeKey("ES384", "p384");
    await provider.makeKey("EdDSA", "ed");
    await provider.publish("first", "rsa", "p384", "ed");
    await push({}, { kid: "first" });
    await push({}, { kid: "rsa" });
    expect(await pushError({}, { kid: "p384" })).toEqual(invalid);
    expect(await pushError({}, { kid: "ed" })).toEqual(invalid);
  });

  it("accepts the configured algorithms and no others", async () => {
    const { provider, push, pushError } = await install({ algorithms: ["EdDSA", "ES384"] });
    await provider.makeKey("ES384", "p384");
    await provider.makeKey("EdDSA", "ed");
    await provider.publish("first", "p384", "ed");
    await push({}, { kid: "p384" });
    await push({}, { kid: "ed" });
    expect(await pushError({}, { kid: "first" })).toEqual(invalid);
  });
});

describe("claims", () => {
  const scopes = { scopes: { "mdps:push": pushScope, "mdps:read": readScope } };

  /** One installation for each configuration that the tests of scopes share. */
  const installations = new Map<string, Promise<Installation>>();
  afterAll(async () => {
    await Promise.all((await Promise.all(installations.values())).map(stop));
  });

  async function scopesAllow(init: IssuerInit, claims: Claims) {
    const key = JSON.stringify(init);
    const started = installations.get(key) ?? start(init);
    installations.set(key, started);
    const { server, token } = await started;
    const client = server.client("rest", await token({ scope: undefined, ...claims }));
    const planGroupId = freshKey();
    const can = async (call: Promise<unknown>) =>
      call.then(
        () => true,
        async () => {
          expect(await apiErrorOf(call)).toMatchObject({ reason: "SCOPE_INSUFFICIENT" });
          return false;
        },
      );
    const push = await can(client.createPlanGroup({ parent, planGroupId }));
    await server.client("rest").createPlanGroup({ parent, planGroupId });
    return { push, read: await can(client.getPlanGroup({ name: `${parent}/planGroups/${planGroupId}` })) };
  }

  it.each<[string, IssuerInit["claims"], Claims, { push: boolean; read: boolean }]>([
    ["a string", {}, { scope: `openid ${pushScope}` }, { push: true, read: false }],
    ["a string with many spaces", {}, { scope: `  ${readScope}   x ` }, { push: false, read: true }],
    ["a list", {}, { scope: [pushScope, readScope] }, { push: true, read: true }],
    [
      "a list with values of other types",
      {},
      { scope: [1, null, [pushScope], {}, readScope] },
      { push: false, read: true },
    ],
    ["the claim scp", { scope: "scp" }, { scp: [pushScope] }, { push: true, read: false }],
    ["the claim scp, not scope", { scope: "scp" }, { scope: pushScope }, { push: false, read: false }],
    [
      "names that the configuration maps",
      scopes,
      { scope: "mdps:push mdps:read" },
      { push: true, read: true },
    ],
    [
      "mapped names and names of the contract",
      scopes,
      { scope: `mdps:read ${pushScope}` },
      { push: true, read: true },
    ],
    [
      "names of properties that every object has",
      scopes,
      { scope: "constructor __proto__" },
      { push: false, read: false },
    ],
  ])("reads scopes from %s", async (_, claims, given, expected) => {
    expect(await scopesAllow({ claims: { asns: "asns", ...claims } }, given)).toEqual(expected);
  });

  it("reads the account from the configured claim and links it to the configured operators", async () => {
    const { server, token } = await install({
      claims: { account: "client_id" },
      accounts: [
        { account: "acme", asns: [65001] },
        { account: "acme", asns: [65003] },
        { account: "rival", asns: [65002] },
      ],
    });
    const acme = await token({ client_id: "acme", sub: "rival", asns: [65002] });
    await pushWith(server, acme, "operators/65001");
    await pushWith(server, acme, "operators/65003");
    // Neither its `sub` counts here, nor a claim that the configuration does not name.
    expect(await apiErrorOf(pushWith(server, acme, "operators/65002"))).toMatchObject(notLinked);
    const unlinked = await token({ client_id: "nobody", sub: "acme" });
    expect(await apiErrorOf(pushWith(server, unlinked))).toMatchObject(notLinked);
    expect(await apiErrorOf(pushWith(server, await token({ sub: "acme" })))).toMatchObject(invalid);
  });

  it("combines operators of the token with those that the configuration links to its account", async () => {
    const { server, token } = await install({
      claims: { asns: "operators" },
      accounts: [{ account: "acme", asns: [65001] }],
    });
    const own = await token({ operators: [65002] });
    await pushWith(server, own, "operators/65001");
    await pushWith(server, own, "operators/65002");
    expect(await apiErrorOf(pushWith(server, own, "operators/65003"))).toMatchObject(notLinked);
  });

  describe("that list operators", () => {
    let shared: Installation;
    beforeAll(async () => {
      shared = await start();
    });
    afterAll(() => stop(shared));

    it.each<[string, unknown]>([
      ["a number", 65001],
      ["a string", "65001"],
      ["a string of several ASNs", "65002 65001"],
      ["a list of numbers", [65002, 65001]],
      ["a list of strings", ["65002", "65001"]],
      ["a list with other values", [null, "x", 1.5, -1, {}, true, 65001]],
    ])("reads operators from %s", async (_, asns) => {
      expect(await shared.push({ asns })).toMatchObject(planGroup);
    });

    it.each<[string, unknown]>([
      ["a missing claim", undefined],
      ["null", null],
      ["an empty string", ""],
      ["a string with commas", "65001,65002"],
      ["an ASN with leading zeros", "065001"],
      ["a resource name", "operators/65001"],
      ["a fraction", 65001.5],
      ["a number that equals the ASN modulo 2^32", 65001 + 2 ** 32],
      ["an object", { 65001: true }],
      ["true", true],
      ["a list in a list", [[65001]]],
      ["a list of one string with several ASNs", ["65002 65001"]],
    ])("reads no operators from %s", async (_, asns) => {
      expect(await shared.pushError({ asns })).toEqual(notLinked);
    });
  });

  it.each([
    ["characters beyond Latin-1", "kunde-€"],
    ["a line break", "a\nb"],
    ["a quotation mark", 'a"b'],
    ["a backslash", "a\\b"],
  ])("replaces %s of a claim name in error_description", async (_, account) => {
    const { push } = await install({ claims: { account } });
    const error = await apiErrorOf(push());
    expect(error).toMatchObject(invalid);
    // RFC 6750 3: what error_description may hold.
    expect(error.headers.get("www-authenticate")).toMatch(
      /^Bearer realm="[a-z-]+", error="invalid_token", error_description="[\x20-\x21\x23-\x5b\x5d-\x7e]+"$/,
    );
  });
});

describe("key rotation", () => {
  it("fetches a new key when the first token uses it", async () => {
    const { provider, push, advance } = await install();
    await push();
    await provider.makeKey("ES256", "second");
    await provider.publish("first", "second");
    advance(30 * second);
    await push({}, { kid: "second" });
    await push({}, { kid: "first" });
    expect(provider.keyRequests()).toBe(2);
  });

  it("rejects a removed key after the next refresh", async () => {
    const { provider, push, pushError, advance, server } = await install();
    await push();
    await provider.makeKey("ES256", "second");
    await provider.publish("second");
    advance(10 * minute - 1);
    await push({}, { kid: "first" });
    expect(provider.keyRequests()).toBe(1);
    advance(1);
    // This one begins the refresh and does not wait for it.
    await push({}, { kid: "first" });
    await expect.poll(() => pushError({ jti: freshKey() }, { kid: "first" }), soon).toEqual(invalid);
    await push({}, { kid: "second" });
    expect(provider.keyRequests()).toBe(2);
    expect(server.failures).toEqual([]);
  });

  it("rejects a cached token of a removed key at most one minute after the refresh", async () => {
    const { provider, push, pushError, token, advance, server } = await install();
    await provider.makeKey("ES256", "second");
    await provider.publish("first", "second");
    advance(-10 * minute);
    await push({}, { kid: "second" });
    advance(10 * minute - 1);
    const known = await token({}, { kid: "first" });
    await pushWith(server, known);
    await provider.publish("second");
    advance(1);
    await push({ jti: "begins the refresh" }, { kid: "second" });
    await expect.poll(() => pushError({ jti: freshKey() }, { kid: "first" }), soon).toEqual(invalid);
    advance(minute - 2);
    await pushWith(server, known);
    advance(1);
    expect(await apiErrorOf(pushWith(server, known))).toMatchObject(invalid);
  });

  it("refreshes keys once for concurrent calls", async () => {
    const { provider, push, advance } = await install();
    await push();
    advance(10 * minute);
    await Promise.all(Array.from({ length: 20 }, (_, jti) => push({ jti: String(jti) })));
    expect(provider.keyRequests()).toBe(2);
  });
});

describe("a flood of tokens with unknown keys", () => {
  it("fetches keys once in each cool-down during a flood of tokens with unknown keys", async () => {
    const { provider, push, token, advance, server } = await install();
    await push();
    await provider.makeKey("ES256", "never published");
    const flood = () =>
      Promise.all(
        Array.from({ length: 50 }, async (_, each) => {
          const header = { kid: `unknown-${each}-${freshKey()}` };
          const bad = await token({}, { kid: "never published", header });
          expect(await apiErrorOf(pushWith(server, bad))).toMatchObject(invalid);
        }),
      );
    advance(30 * second - 1);
    await flood();
    expect(provider.keyRequests()).toBe(1);
    advance(1);
    await flood();
    expect(provider.keyRequests()).toBe(2);
    advance(30 * second - 1);
    await flood();
    expect(provider.keyRequests()).toBe(2);
    await push({ jti: "goes on" }, { kid: "first" });
  });

  it("accepts a new key after a cool-down during a flood of tokens with unknown keys", async () => {
    const { provider, push, pushError, advance } = await install({ coolDown: durationFromMs(5 * second) });
    await push();
    await provider.makeKey("ES256", "second");
    advance(5 * second);
    expect(await pushError({}, { kid: "second" })).toEqual(invalid);
    await provider.publish("first", "second");
    advance(5 * second - 1);
    expect(await pushError({}, { kid: "second" })).toEqual(invalid);
    advance(1);
    await push({}, { kid: "second" });
  });
});

const outages: Behaviour[] = ["fails", "stalls", "stalls in the body", "is unreachable"];

describe.each(outages)("keys of an issuer that %s", (behaviour) => {
  // Slow enough for a busy machine to answer in, for the test starts with an answer.
  const requestTimeout = durationFromMs(700);

  it(`accepts known keys and answers UNAVAILABLE for unknown ones while the issuer ${behaviour}`, async () => {
    const { provider, push, token, advance, server } = await install({ requestTimeout });
    await push();
    await provider.makeKey("ES256", "second");
    await provider.publish("first", "second");
    await provider.behave(behaviour);
    advance(30 * second);
    const unknown = await token({}, { kid: "second" });
    await expectUnverifiable(pushWith(server, unknown));
    await push({ jti: "after the request" }, { kid: "first" });
    // The keys are not fetched again within the cool-down, so that unknown keys stay unknown.
    await provider.behave("answers");
    await expectUnverifiable(pushWith(server, unknown));
    advance(30 * second);
    await pushWith(server, unknown);
  });

  it(`accepts no token before the first keys were fetched while the issuer ${behaviour}`, async () => {
    const { provider, push, advance, server, token } = await install({ requestTimeout });
    await provider.behave(behaviour);
    const good = await token();
    await Promise.all(protocols.map((each) => expectUnverifiable(pushWith(server, good, parent, each))));
    await provider.behave("answers");
    advance(30 * second);
    await push();
  });

  it(`accepts known keys up to their maximum age while the issuer ${behaviour}`, async () => {
    const { provider, token, advance, server } = await install({
      requestTimeout,
      refreshInterval: durationFromMs(hour),
      maxKeyAge: durationFromMs(2 * hour),
    });
    const tokens = await Promise.all(
      [0, 1, 2, 3].map((jti) => token({ jti, exp: secondsFromNow(server.clock, 86_400) })),
    );
    const push = (index: number) => pushWith(server, tokens[index] as string);
    await push(0);
    await provider.behave(behaviour);
    advance(2 * hour - 1);
    await push(1);
    advance(minute + 1);
    await expectUnverifiable(push(2));
    // Nor does what was verified with them before.
    await expectUnverifiable(push(1));
    await provider.behave("answers");
    advance(30 * second);
    await push(3);
  });
});

describe("an outage of the issuer", () => {
  it("fetches keys once in each cool-down during an outage", async () => {
    const { provider, token, advance, server } = await install();
    await provider.behave("fails");
    const flood = () =>
      Promise.all(
        Array.from({ length: 20 }, async () =>
          expectUnverifiable(pushWith(server, await token({ jti: freshKey() }))),
        ),
      );
    await flood();
    expect(provider.keyRequests()).toBe(1);
    advance(30 * second - 1);
    await flood();
    expect(provider.keyRequests()).toBe(1);
    advance(1);
    await flood();
    expect(provider.keyRequests()).toBe(2);
  });

  it("answers 503 before the body when the keys cannot be fetched", async () => {
    const { provider, token, server } = await install();
    await provider.behave("fails");
    const socket = await openSocket(server.port);
    socket.write(
      `POST /v1/${parent}/planGroups HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n` +
        `content-type: application/json\r\nauthorization: Bearer ${await token()}\r\n\r\n`,
    );
    expect(await socket.received(/\r\n\r\n[\s\S]*\}/)).toMatch(/^HTTP\/1\.1 503 /);
    socket.destroy();
  });

  it("accepts tokens of the server itself while the issuer stalls", async () => {
    const { provider, server } = await install();
    await provider.behave("stalls");
    expect(await pushWith(server, server.token)).toMatchObject(planGroup);
  });

  it("stores nothing when the keys cannot be fetched", async () => {
    const { provider, token, server } = await install();
    await provider.behave("fails");
    const planGroupId = freshKey();
    const bad = await token();
    for (const protocol of protocols) {
      await expectUnverifiable(server.client(protocol, bad).createPlanGroup({ parent, planGroupId }));
    }
    const read = server.client("rest").getPlanGroup({ name: `${parent}/planGroups/${planGroupId}` });
    expect(await apiErrorOf(read)).toMatchObject({ reason: "PLAN_GROUP_NOT_FOUND" });
  });
});

describe("two issuers", () => {
  let one: JwtProvider;
  let two: JwtProvider;
  let server: TestServer;
  beforeAll(async () => {
    [one, two] = await Promise.all([startJwtProvider(), startJwtProvider()]);
    await one.makeKey("RS256", "one-rsa");
    await one.publish("first", "one-rsa");
    server = await startTestServer({
      auth: create(AuthConfigSchema, {
        jwtIssuers: [
          { issuer: one.issuer, jwksUri: one.jwksUri, accounts: [{ account: "acme", asns: [65001] }] },
          { issuer: two.issuer, jwksUri: two.jwksUri, accounts: [{ account: "acme", asns: [65002] }] },
        ].map((issuer) => ({ ...issuer, audiences: [audience] })),
      }),
    });
  });
  afterAll(async () => {
    expect(server.failures).toEqual([]);
    await Promise.all([server, one, two].map((each) => each[Symbol.asyncDispose]()));
  });

  it("links accounts with the same name separately for two issuers", async () => {
    const [ofOne, ofTwo] = await Promise.all([one, two].map((each) => each.token(rightClaims(server))));
    await pushWith(server, ofOne as string, "operators/65001");
    await pushWith(server, ofTwo as string, "operators/65002");
    expect(await apiErrorOf(pushWith(server, ofOne as string, "operators/65002"))).toMatchObject(notLinked);
    expect(await apiErrorOf(pushWith(server, ofTwo as string, "operators/65001"))).toMatchObject(notLinked);
  });

  it.each([
    ["a key that the other does not have", "one-rsa"],
    ["a key ID that the other has too", "first"],
  ])("rejects a token that one issuer signs for another with %s", async (_, kid) => {
    const bad = await one.token({ ...rightClaims(server), iss: two.issuer }, { kid });
    for (const operator of ["operators/65001", "operators/65002"]) {
      expect(await apiErrorOf(pushWith(server, bad, operator))).toMatchObject(invalid);
    }
  });

  it.each([
    ["a trailing slash", (issuer: string) => `${issuer}/`],
    ["its host name", (issuer: string) => issuer.replace("127.0.0.1", "localhost")],
    ["its case", (issuer: string) => issuer.toUpperCase()],
    ["being a list", (issuer: string) => [issuer]],
  ])("rejects a token whose iss differs from the configured one by %s", async (_, change) => {
    const bad = await one.token({ ...rightClaims(server), iss: change(one.issuer) });
    expect(await apiErrorOf(pushWith(server, bad))).toMatchObject(invalid);
  });

  it("rejects a token of an identity provider with the issuer of the server itself", async () => {
    const claims = { iss: "mobile-data-plan-sharing", aud: "mobile-data-plan-sharing", asns: [65001] };
    const bad = await one.token({ ...rightClaims(server), ...claims }, { header: { typ: "at+jwt" } });
    expect(await apiErrorOf(pushWith(server, bad))).toMatchObject(invalid);
  });
});

describe("keys of an issuer", () => {
  it("does not follow a redirect of the key endpoint", async () => {
    const { provider, token, server } = await install();
    provider.redirectTo(`${provider.url}/elsewhere`);
    await expectUnverifiable(pushWith(server, await token()));
    expect(provider.countOf("/elsewhere")).toBe(0);
  });

  it.each<[string, string]>([
    ["text that is not JSON", "<html>"],
    ["JSON that is not a key set", '{"keys":"none"}'],
    ["null", "null"],
    ["a list", "[]"],
  ])("answers CREDENTIALS_UNVERIFIABLE when the key endpoint answers %s", async (_, body) => {
    const { provider, token, server } = await install();
    provider.answerWith(body);
    await expectUnverifiable(pushWith(server, await token()));
  });
});
