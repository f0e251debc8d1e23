import { createPublicKey } from "node:crypto";
import { connect } from "node:http2";
import { create } from "@bufbuild/protobuf";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import type { JWTPayload } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { AuthConfigSchema } from "../../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import {
  addServiceAccountKey,
  createServiceAccount,
  type KeyFile,
  linkServiceAccount,
  removeServiceAccountKey,
  revokeServiceAccount,
} from "../../../src/auth/accounts/administration.ts";
import { pushScope, readScope } from "../../../src/auth/scopes.ts";
import type { PlanSharingProtocol } from "../../../src/client/index.ts";
import { apiErrorOf, readApiError } from "../../support/api-error.ts";
import { type JwtProvider, startJwtProvider } from "../../support/auth/identity-providers.ts";
import {
  secondsFromNow,
  signedByAccount,
  signedWithSecret,
  unsigned,
  withClaims,
} from "../../support/auth/jwt-forge.ts";
import { callRaw, type RawAnswer } from "../../support/http/raw-call.ts";
import { openSocket } from "../../support/http/raw-socket.ts";
import { freshKey, parent, protocols, startTestServer, type TestServer } from "../../support/test-server.ts";

const audience = "https://mdps.test";
/** For what takes effect a little later: a slow machine is no reason to fail. */
const patience = { interval: 50, timeout: 10_000 };
const realm = 'Bearer realm="mobile-data-plan-sharing"';
const pushMethod = "mobiledataplansharing.v1.PlanGroupService/CreatePlanGroup";
const readMethod = "mobiledataplansharing.serving.v1.PlanServingService/GetPlanGroup";

/** The provider of the configuration, two more of it, of which one fails, and one that the server does not know. */
let provider: JwtProvider;
let other: JwtProvider;
let failing: JwtProvider;
let stranger: JwtProvider;
let server: TestServer;
let acme: KeyFile;
let rival: KeyFile;

/** The provider's RSA key; every provider's has this name. */
const rsa = "rsa";

beforeAll(async () => {
  [provider, other, failing, stranger] = await Promise.all([
    startJwtProvider(),
    startJwtProvider(),
    startJwtProvider(),
    startJwtProvider(),
  ]);
  await failing.behave("fails");
  for (const each of [provider, other, stranger]) {
    await each.makeKey("RS256", rsa);
    await each.publish(rsa);
  }
  server = await startTestServer({
    auth: create(AuthConfigSchema, {
      jwtIssuers: [provider, other, failing].map(({ issuer, jwksUri }) => ({
        issuer,
        jwksUri,
        audiences: [audience],
        claims: { asns: "asns" },
      })),
    }),
  });
  acme = await account("acme", [65001]);
  rival = await account("rival", [65001, 65002]);
});

afterEach(() => {
  expect(server.failures).toEqual([]);
});

afterAll(async () => {
  await Promise.all([server, provider, other, failing, stranger].map((each) => each[Symbol.asyncDispose]()));
});

const keyInit = () => ({ url: server.url, universeDomain: "googleapis.com" });

/** Makes a service account in the server's data directory. */
function account(name: string, asns: readonly number[], scopes = [pushScope, readScope]): Promise<KeyFile> {
  return createServiceAccount(
    server.directory,
    { email: `${name}@accounts.test`, asns, scopes },
    keyInit(),
    server.clock,
  );
}

let accounts = 0;

/** An account that no other test changes. The server knows it when this resolves. */
async function freshAccount(asns: readonly number[] = [65001]): Promise<KeyFile> {
  accounts += 1;
  const key = await account(`account-${accounts}`, asns);
  await known(key);
  return key;
}

/** Resolves when the server knows a key: changes of the list take it up to a quarter of a second. */
async function known(key: KeyFile): Promise<void> {
  await expect
    .poll(() => isAccepted(signedByAccount(key, server.clock, { aud: server.url })), patience)
    .toBe(true);
}

async function isAccepted(token: string | Promise<string>): Promise<boolean> {
  const { error } = await push("rest", await token);
  return error === undefined;
}

/** Asks the token endpoint for a token with an assertion. */
async function grant(assertion: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${server.url}/token`, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

function assertionOf(key: KeyFile, claims: JWTPayload = {}): Promise<string> {
  const aud = `${server.url}/token`;
  return signedByAccount(key, server.clock, { aud, scope: `${pushScope} ${readScope}`, ...claims });
}

/** Gets an access token from the token endpoint. */
async function grantedToken(key: KeyFile): Promise<string> {
  const { status, body } = await grant(await assertionOf(key));
  expect(status).toBe(200);
  return String(body.access_token);
}

/** A token of the provider that is right in all but what a test changes. */
function token(claims: Readonly<Record<string, unknown>> = {}, of: JwtProvider = provider): Promise<string> {
  return of.token({
    sub: "acme",
    aud: audience,
    iat: secondsFromNow(server.clock),
    exp: secondsFromNow(server.clock, 600),
    scope: `${pushScope} ${readScope}`,
    asns: [65001],
    ...claims,
  });
}

type Sent = { operator?: string; groupId?: string; query?: string };

function push(
  protocol: PlanSharingProtocol,
  bearer: string,
  { operator = parent, groupId = freshKey(), query = "" }: Sent = {},
): Promise<RawAnswer> {
  const isRest = protocol === "rest";
  return callRaw({
    url: server.url,
    protocol,
    token: bearer,
    format: "json",
    method: isRest
      ? `POST /v1/${operator}/planGroups${query && `?${query}`}`
      : pushMethod + (query && `?${query}`),
    body: JSON.stringify({ ...(isRest ? {} : { parent: operator }), planGroupId: groupId }),
  });
}

function read(
  protocol: PlanSharingProtocol,
  bearer: string,
  groupId: string,
  query = "",
): Promise<RawAnswer> {
  const name = `${parent}/planGroups/${groupId}`;
  const isRest = protocol === "rest";
  return callRaw({
    url: server.url,
    protocol,
    token: bearer,
    format: "json",
    method: (isRest ? `GET /v1/${name}` : readMethod) + (query && `?${query}`),
    body: isRest ? "" : JSON.stringify({ name }),
  });
}

async function expectNotStored(groupId: string, operator = parent): Promise<void> {
  const call = server.client("connect").getPlanGroup({ name: `${operator}/planGroups/${groupId}` });
  expect(await apiErrorOf(call)).toMatchObject({ reason: "PLAN_GROUP_NOT_FOUND" });
}

const httpStatusOf = { CREDENTIALS_INVALID: 401, SCOPE_INSUFFICIENT: 403, CREDENTIALS_MALFORMED: 400 };
const codeOf = {
  CREDENTIALS_INVALID: "Unauthenticated",
  SCOPE_INSUFFICIENT: "PermissionDenied",
  CREDENTIALS_MALFORMED: "InvalidArgument",
};

/** Fails unless an answer refuses for this reason, with this challenge, and tells nothing of the token. */
function expectRefusal(
  protocol: PlanSharingProtocol,
  { error, httpStatus, text }: RawAnswer,
  reason: keyof typeof codeOf,
  challenge: string,
  ...tokens: string[]
): void {
  if (error === undefined) {
    expect.fail("the call was not refused");
  }
  const refusal = readApiError(error);
  expect(refusal).toMatchObject({ code: codeOf[reason], reason });
  expect(httpStatus).toBe(protocol === "connect" || protocol === "rest" ? httpStatusOf[reason] : 200);
  expect(refusal.headers.get("www-authenticate")).toBe(`${realm}, ${challenge}`);
  const all = [text, error.message, ...refusal.headers.values()].join("\n");
  for (const part of tokens.flatMap((each) => each.split(".")).filter((each) => each.length > 8)) {
    expect(all).not.toContain(part);
  }
}

/** Fails unless a push and a read with a token are refused as invalid_token, and nothing is stored. */
async function expectInvalid(protocol: PlanSharingProtocol, bad: string, description: string): Promise<void> {
  const groupId = freshKey();
  const challenge = `error="invalid_token", error_description="${description}"`;
  for (const answer of [await push(protocol, bad, { groupId }), await read(protocol, bad, groupId)]) {
    expectRefusal(protocol, answer, "CREDENTIALS_INVALID", challenge, bad);
  }
  await expectNotStored(groupId);
}

const otherIssuer = "the access token has an invalid signature";
const wrongAlgorithm = "the access token is signed with an algorithm that is not accepted";
const notOfAccount = "the access token is not signed by a service account of this server";
const notForUs = "the access token has a missing or invalid claim: aud";
const revoked = "the service account or key of the access token was revoked";

describe.each(protocols)("over %s", (protocol) => {
  describe("a token of an identity provider", () => {
    it("that is right in everything pushes and reads: what follows is refused for what it changes", async () => {
      const groupId = freshKey();
      expect(await push(protocol, await token(), { groupId })).toMatchObject({ error: undefined });
      expect(await read(protocol, await token(), groupId)).toMatchObject({ error: undefined });
    });

    it("without signature (alg none) is refused", async () => {
      await expectInvalid(protocol, unsigned(await token()), wrongAlgorithm);
    });

    it("signed by HS256 with the provider's public key as the secret is refused", async () => {
      const pem = provider.publicPem(rsa);
      for (const secret of [pem, pem.trimEnd()]) {
        await expectInvalid(protocol, await signedWithSecret(await token(), secret), wrongAlgorithm);
      }
    });

    it("signed with a key of another issuer is refused, also if its key has the same name", async () => {
      for (const iss of [other, stranger]) {
        await expectInvalid(protocol, await token({ iss: provider.issuer }, iss), otherIssuer);
      }
    });

    it("of an issuer that the server does not know is refused", async () => {
      await expectInvalid(protocol, await token({}, stranger), "the access token has an unknown issuer");
    });

    it("whose claims were changed is refused", async () => {
      await expectInvalid(protocol, withClaims(await token(), { asns: [65001, 65002] }), otherIssuer);
    });

    it.each<[string, JWTPayload["aud"]]>([
      ["another one", "https://other.test"],
      ["a list of others", ["https://other.test", "https://mdps.test.other"]],
      ["the right one with a slash", `${audience}/`],
      ["none", undefined],
      ["an empty list", []],
    ])("whose audience is %s is refused", async (_, aud) => {
      await expectInvalid(
        protocol,
        await token({ aud }),
        "the access token has a missing or invalid claim: aud",
      );
    });

    it("that has expired is refused, beyond the skew of 30 s", async () => {
      const exp = (seconds: number) => token({ exp: secondsFromNow(server.clock, seconds) });
      expect(await push(protocol, await exp(-29))).toMatchObject({ error: undefined });
      await expectInvalid(protocol, await exp(-30), "the access token has expired");
    });

    it("that never expires is refused", async () => {
      await expectInvalid(
        protocol,
        await token({ exp: undefined }),
        "the access token has a missing or invalid claim: exp",
      );
    });

    it("that is not valid yet is refused, beyond the skew of 30 s", async () => {
      const nbf = (seconds: number) => token({ nbf: secondsFromNow(server.clock, seconds) });
      expect(await push(protocol, await nbf(30))).toMatchObject({ error: undefined });
      await expectInvalid(protocol, await nbf(31), "the access token is not valid yet");
    });

    it.each<[string, unknown]>([
      ["is missing", undefined],
      ["is empty", ""],
      ["has the right one as a prefix", `${pushScope}2`],
      ["has the right one as a prefix, with more after a dot", `${pushScope}.readonly`],
      ["is a prefix of the right one", pushScope.slice(0, -"sharing".length)],
      ["is the right one in capitals", pushScope.toUpperCase()],
      ["has a comma for a blank", `${pushScope},${readScope}`],
      ["is a list with such texts", [`${pushScope}2`, `x ${pushScope}`, 1, null]],
      ["is of another type", { [pushScope]: true }],
    ])("whose scope %s is refused", async (_, scope) => {
      const bad = await token({ scope });
      const groupId = freshKey();
      const challenge = (wanted: string) => `error="insufficient_scope", scope="${wanted}"`;
      const pushed = await push(protocol, bad, { groupId });
      expectRefusal(protocol, pushed, "SCOPE_INSUFFICIENT", challenge(pushScope), bad);
      const got = await read(protocol, bad, groupId);
      expectRefusal(protocol, got, "SCOPE_INSUFFICIENT", challenge(readScope), bad);
      await expectNotStored(groupId);
    });

    it("learns the same of a foreign operator as of one that does not exist", async () => {
      const groupId = freshKey();
      await push(protocol, server.token, { operator: "operators/65002", groupId });
      const answers: unknown[] = [];
      for (const asn of ["65002", "65003"]) {
        const { httpStatus, text, error } = await push(protocol, await token(), {
          operator: `operators/${asn}`,
          groupId,
        });
        const refusal = error && readApiError(error);
        expect(refusal).toMatchObject({ code: "PermissionDenied", reason: "OPERATOR_NOT_LINKED" });
        expect(refusal?.headers.get("www-authenticate")).toBeNull();
        const { headers, ...rest } = refusal ?? {};
        const shown = JSON.stringify({ ...rest, headers: [...(headers?.keys() ?? [])].toSorted() });
        answers.push({ httpStatus, length: text.length, shown: shown.replaceAll(asn, "N") });
      }
      expect(answers[0]).toEqual(answers[1]);
    });

    it.each([
      "operators/065002",
      "operators/0000065002",
      "operators/+65002",
      "operators/65002.0",
      "operators/6.5002e4",
      "operators/%36%35002",
      "operators/%2065002",
      "operators/65002%00",
      "operators%2F65002",
      "operators/65001/../65002",
      "operators/65001%2F..%2F65002",
    ])("gets nowhere with the foreign operator spelt %s", async (operator) => {
      const groupId = freshKey();
      const { error, httpStatus } = await push(protocol, await token(), { operator, groupId });
      expect(error === undefined && httpStatus < 400).toBe(false);
      await expectNotStored(groupId, "operators/65002");
      await expectNotStored(groupId);
    });

    it.each(["operators/065001", "operators/65001%00", "operators%2F65001", "operators/ 65001"])(
      "gets nowhere with its own operator spelt %s",
      async (operator) => {
        const groupId = freshKey();
        const { error, httpStatus } = await push(protocol, await token(), {
          operator: protocol === "rest" ? operator.replace(" ", "%20") : operator,
          groupId,
        });
        expect(error === undefined && httpStatus < 400).toBe(false);
        await expectNotStored(groupId);
      },
    );

    it("of a megabyte is refused, and the server goes on", async () => {
      const groupId = freshKey();
      const long = `${await token()}${"A".repeat(1024 * 1024)}`;
      // How is up to the limit on headers of the transport: 431, or the end of the stream.
      const outcome = await push(protocol, long, { groupId }).catch((error: Error) => error);
      expect(outcome instanceof Error || outcome.error !== undefined).toBe(true);
      await expectNotStored(groupId);
      expect(await push(protocol, await token())).toMatchObject({ error: undefined });
    });

    it("of more than 8,192 characters is refused unread", async () => {
      const long = await token({ padding: "x".repeat(8_192) });
      await expectInvalid(protocol, long, "the access token has more than 8192 characters");
    });
  });

  describe("a token in the query", () => {
    it.each(["access_token", "oauth_token", "access%5Ftoken", "oauth%5ftoken"])(
      "as %s is refused, though the header has a good one",
      async (name) => {
        const groupId = freshKey();
        const good = await token();
        const known = name.replace(/%5f/i, "_");
        const challenge =
          'error="invalid_request", error_description="' +
          `${known} is not accepted in the query: send the header Authorization: Bearer <token>"`;
        for (const query of [`${name}=${good}`, `${name}=`, `a=b&${name}=x`]) {
          const answers = [
            await push(protocol, good, { groupId, query }),
            await read(protocol, good, groupId, query),
          ];
          for (const answer of answers) {
            expectRefusal(protocol, answer, "CREDENTIALS_MALFORMED", challenge, good);
          }
        }
        await expectNotStored(groupId);
      },
    );
  });

  describe("two Authorization headers", () => {
    it.each<[string, () => Promise<string>[]]>([
      ["a good one and a bad one", () => [token(), token({ aud: "https://other.test" })]],
      ["a bad one and a good one", () => [token({ aud: "https://other.test" }), token()]],
      ["two different good ones", () => [token(), grantedToken(acme)]],
      ["an empty one and a good one", () => [Promise.resolve(""), token()]],
      ["a good one and an empty one", () => [token(), Promise.resolve("")]],
    ])("%s, are refused", async (_, make) => {
      const tokens = await Promise.all(make());
      const groupId = freshKey();
      const answers = [await pushWithHeaders(protocol, tokens, groupId, "2")];
      if (protocol !== "grpc") {
        answers.push(await pushWithHeaders(protocol, tokens, groupId, "1.1"));
      }
      for (const { text, status } of answers) {
        expect(status).toBe(protocol === "connect" || protocol === "rest" ? "400" : "grpc 3");
        expect(text).toContain(
          `${realm}, error="invalid_request", error_description="the Authorization header must be sent once"`,
        );
        for (const part of tokens.flatMap((each) => each.split(".")).filter(Boolean)) {
          expect(text).not.toContain(part);
        }
      }
      await expectNotStored(groupId);
    });

    it("that are the same one twice are refused", async () => {
      const good = await token();
      const groupId = freshKey();
      const { status } = await pushWithHeaders(protocol, [good, good], groupId, "2");
      expect(status).toBe(protocol === "connect" || protocol === "rest" ? "400" : "grpc 3");
      await expectNotStored(groupId);
    });

    it("would be accepted one by one: it is their number that is refused", async () => {
      const groupId = freshKey();
      const { status } = await pushWithHeaders(protocol, [await token()], groupId, "2");
      expect(status).toBe(protocol === "connect" || protocol === "rest" ? "200" : "grpc 0");
    });
  });

  describe("a token that a service account signed itself (AIP-4111)", () => {
    const selfSigned = (claims: JWTPayload, key = acme) => signedByAccount(key, server.clock, claims);

    it.each<[string, () => JWTPayload]>([
      ["the server as its audience", () => ({ aud: server.url })],
      ["the server as its audience, with a slash", () => ({ aud: `${server.url}/` })],
      [
        "a service of the server as its audience",
        () => ({ aud: `${server.url}/mobiledataplansharing.v1.PlanGroupService` }),
      ],
      [
        "the server as its audience, with https as gRPC libraries write it",
        () => ({ aud: server.url.replace("http:", "https:") }),
      ],
      ["a scope", () => ({ scope: `${pushScope} ${readScope}` })],
      ["both", () => ({ aud: server.url, scope: `${pushScope} ${readScope}` })],
      ["no sub", () => ({ aud: server.url, sub: undefined })],
      ["a whole hour", () => ({ aud: server.url, exp: secondsFromNow(server.clock, 3600) })],
    ])("with %s pushes and reads", async (_, claims) => {
      const groupId = freshKey();
      const good = await selfSigned(claims());
      expect(await push(protocol, good, { groupId })).toMatchObject({ error: undefined });
      expect(await read(protocol, good, groupId)).toMatchObject({ error: undefined });
    });

    it.each<[string, () => JWTPayload, string]>([
      ["for another server", () => ({ aud: "https://other.test" }), notForUs],
      ["for another server, with a scope", () => ({ aud: "https://other.test", scope: pushScope }), notForUs],
      ["for another port", () => ({ aud: "http://127.0.0.1:1" }), notForUs],
      ["for a server whose name begins alike", () => ({ aud: `${server.url}.other.test` }), notForUs],
      [
        "for another server, with this one as its user",
        () => ({ aud: server.url.replace(/$/, "@other.test") }),
        notForUs,
      ],
      ["for a list of servers", () => ({ aud: [server.url] }), notForUs],
      ["for nobody and without scope", () => ({}), notForUs],
      [
        "that lasts longer than an hour",
        () => ({ aud: server.url, exp: secondsFromNow(server.clock, 3601) }),
        "exp must be at most 3600 s after iat",
      ],
      [
        "in the name of somebody else",
        () => ({ aud: server.url, sub: rival.client_email }),
        "sub must equal iss: acting for another account is not supported",
      ],
      [
        "that has expired",
        () => ({
          aud: server.url,
          iat: secondsFromNow(server.clock, -600),
          exp: secondsFromNow(server.clock),
        }),
        "the access token has expired",
      ],
      [
        "of a minute hence",
        () => ({ aud: server.url, iat: secondsFromNow(server.clock, 61) }),
        "the access token is not valid yet: iat is in the future",
      ],
      [
        "that is not valid yet",
        () => ({ aud: server.url, nbf: secondsFromNow(server.clock, 61) }),
        "the access token is not valid yet",
      ],
      [
        "without exp",
        () => ({ aud: server.url, exp: undefined }),
        "the access token has a missing or invalid claim: exp",
      ],
      [
        "without iat",
        () => ({ aud: server.url, iat: undefined }),
        "the access token has a missing or invalid claim: iat",
      ],
    ])("%s is refused", async (_, claims, description) => {
      await expectInvalid(protocol, await selfSigned(claims()), description);
    });

    it("has the scopes that it names, and no others", async () => {
      const groupId = freshKey();
      const bad = await selfSigned({ aud: server.url, scope: readScope });
      const challenge = `error="insufficient_scope", scope="${pushScope}"`;
      const answer = await push(protocol, bad, { groupId });
      expectRefusal(protocol, answer, "SCOPE_INSUFFICIENT", challenge, bad);
      await expectNotStored(groupId);
    });

    it("signed with the key of another account is refused, whichever key it names", async () => {
      const claims = { aud: server.url, iss: acme.client_email, sub: acme.client_email };
      for (const kid of [rival.private_key_id, acme.private_key_id]) {
        await expectInvalid(protocol, await signedByAccount(rival, server.clock, claims, kid), notOfAccount);
      }
    });

    it("that names the key of another account is refused", async () => {
      const bad = await signedByAccount(acme, server.clock, { aud: server.url }, rival.private_key_id);
      await expectInvalid(protocol, bad, notOfAccount);
    });

    it("without signature (alg none) is refused", async () => {
      const bad = unsigned(await selfSigned({ aud: server.url }));
      await expectInvalid(protocol, bad, wrongAlgorithm);
    });

    it("signed by HS256 with the account's public key as the secret is refused", async () => {
      const pem = publicPemOf(acme);
      for (const secret of [pem, pem.trimEnd()]) {
        const bad = await signedWithSecret(await selfSigned({ aud: server.url }), secret);
        await expectInvalid(protocol, bad, wrongAlgorithm);
      }
    });

    it("as an assertion for the token endpoint is no access token (RFC 8725 3.12)", async () => {
      const bad = await assertionOf(acme, { jti: `assertion over ${protocol}` });
      await expectInvalid(protocol, bad, notForUs);
    });
  });

  describe("after a change of the account", () => {
    it("that revokes it, its tokens of both kinds are refused, and it gets no others", async () => {
      const key = await freshAccount();
      const tokens = await tokensOf(key, protocol);
      const assertion = await assertionOf(key);
      await revokeServiceAccount(server.directory, key.client_email, server.clock);
      await expect.poll(() => isAccepted(tokens.granted), patience).toBe(false);
      for (const each of Object.values(tokens)) {
        await expectInvalid(protocol, each, revoked);
      }
      // What the server has never seen before is not even of a known issuer.
      const unseen = await signedByAccount(key, server.clock, { aud: server.url, jti: "unseen" });
      await expectInvalid(protocol, unseen, "the access token has an unknown issuer");
      expect(await grant(assertion)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
    });

    it("that revokes it and makes another of the same name, the old tokens stay refused", async () => {
      const key = await freshAccount();
      const tokens = await tokensOf(key, protocol);
      await revokeServiceAccount(server.directory, key.client_email, server.clock);
      const heir = await account(key.client_email.replace(/@.*/, ""), [65001]);
      await known(heir);
      for (const each of Object.values(tokens)) {
        await expectInvalid(protocol, each, revoked);
      }
    });

    it("that unlinks an operator, its tokens push no longer for that one", async () => {
      const key = await freshAccount([65001, 65002]);
      const tokens = await tokensOf(key, protocol);
      await linkServiceAccount(server.directory, key.client_email, 65001, false);
      await expect.poll(() => isAccepted(tokens.granted), patience).toBe(false);
      for (const each of Object.values(tokens)) {
        const groupId = freshKey();
        const { error } = await push(protocol, each, { groupId });
        expect(error && readApiError(error)).toMatchObject({
          code: "PermissionDenied",
          reason: "OPERATOR_NOT_LINKED",
          metadata: { parent },
        });
        await expectNotStored(groupId);
        const allowed = await push(protocol, each, { operator: "operators/65002", groupId });
        expect(allowed.error).toBeUndefined();
      }
    });

    it("that removes a key, its tokens are refused and those of another key go on", async () => {
      const key = await freshAccount();
      const second = await addServiceAccountKey(server.directory, key.client_email, keyInit(), server.clock);
      await known(second);
      const [removed, kept] = [await tokensOf(key, protocol), await tokensOf(second, protocol)];
      await removeServiceAccountKey(server.directory, key.client_email, key.private_key_id);
      await expect.poll(() => isAccepted(removed.granted), patience).toBe(false);
      for (const each of Object.values(removed)) {
        await expectInvalid(protocol, each, revoked);
      }
      for (const each of Object.values(kept)) {
        expect(await push(protocol, each)).toMatchObject({ error: undefined });
      }
      await expectInvalid(
        protocol,
        await signedByAccount(key, server.clock, { aud: server.url, jti: "unseen" }),
        notOfAccount,
      );
    });
  });
});

/** A granted token and a self-signed one, both of which have just pushed. */
async function tokensOf(key: KeyFile, protocol: PlanSharingProtocol) {
  const granted = await grantedToken(key);
  const selfSigned = await signedByAccount(key, server.clock, { aud: server.url });
  for (const each of [granted, selfSigned]) {
    expect(await push(protocol, each)).toMatchObject({ error: undefined });
  }
  return { granted, selfSigned };
}

let ofRevokedAccount: Promise<string> | undefined;

/** A token that the server knew as a good one before its account was revoked. Made once. */
function tokenOfRevokedAccount(): Promise<string> {
  ofRevokedAccount ??= (async () => {
    const key = await freshAccount();
    const { granted } = await tokensOf(key, "rest");
    await revokeServiceAccount(server.directory, key.client_email, server.clock);
    await expect.poll(() => isAccepted(granted), patience).toBe(false);
    return granted;
  })();
  return ofRevokedAccount;
}

/** The public key of an account, as its list has it. */
function publicPemOf({ private_key }: KeyFile): string {
  return createPublicKey(private_key).export({ type: "spki", format: "pem" }).toString();
}

describe("a GET of Connect", () => {
  it.each(["access_token", "oauth_token"])("with %s in its query is refused", async (name) => {
    const good = await token();
    const message = encodeURIComponent(JSON.stringify({ name: `${parent}/planGroups/${freshKey()}` }));
    const get = (query: string) =>
      fetch(`${server.url}/${readMethod}?connect=v1&encoding=json&message=${message}${query}`, {
        headers: { authorization: `Bearer ${good}` },
      });
    expect((await get("")).status).toBe(404);
    const response = await get(`&${name}=${good}`);
    expect(response.status).toBe(400);
    expect(response.headers.get("www-authenticate")).toContain('error="invalid_request"');
  });
});

describe("an assertion", () => {
  it("gets a token once: its jti is refused when it comes again", async () => {
    const key = await freshAccount();
    const assertion = await assertionOf(key, { jti: "replayed" });
    expect(await grant(assertion)).toMatchObject({ status: 200 });
    for (const again of [assertion, await assertionOf(key, { jti: "replayed", scope: pushScope })]) {
      expect(await grant(again)).toEqual({
        status: 400,
        body: { error: "invalid_grant", error_description: "assertion: jti was already used" },
      });
    }
  });

  it("gets one token when it comes many times at once", async () => {
    const key = await freshAccount();
    const assertion = await assertionOf(key, { jti: "all at once" });
    const answers = await Promise.all(Array.from({ length: 20 }, () => grant(assertion)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it("may have the jti of another account's", async () => {
    const keys = [await freshAccount(), await freshAccount()];
    for (const key of keys) {
      expect(await grant(await assertionOf(key, { jti: "common" }))).toMatchObject({ status: 200 });
    }
  });

  it.each<[string, () => Promise<string>]>([
    ["without signature (alg none)", async () => unsigned(await assertionOf(acme))],
    [
      "signed by HS256 with the account's public key as the secret",
      async () => signedWithSecret(await assertionOf(acme), publicPemOf(acme)),
    ],
    [
      "signed with another account's key",
      () => assertionOf(rival, { iss: acme.client_email, sub: acme.client_email }),
    ],
    ["for another token endpoint", () => assertionOf(acme, { aud: "https://other.test/token" })],
    ["for the server, as an access token is", () => assertionOf(acme, { aud: server.url })],
    ["of an identity provider", () => token({ aud: `${server.url}/token` })],
    ["that is an access token of the server", () => grantedToken(acme)],
  ])("%s gets none", async (_, make) => {
    const assertion = await make();
    const { status, body } = await grant(assertion);
    expect({ status, error: body.error }).toEqual({ status: 400, error: "invalid_grant" });
    for (const part of assertion.split(".").filter(Boolean)) {
      expect(JSON.stringify(body)).not.toContain(part);
    }
  });
});

const contentTypes = {
  connect: "application/json",
  grpc: "application/grpc+json",
  "grpc-web": "application/grpc-web+json",
  rest: "application/json",
};

/** What a transport shows of an answer: its status, or in gRPC `grpc` and the code, and all that can be read in it. */
type Shown = { readonly status: string; readonly text: string };

/** The path and body of a push. */
function requestOf(protocol: PlanSharingProtocol, groupId: string): { path: string; body: Buffer } {
  const isRest = protocol === "rest";
  const json = Buffer.from(JSON.stringify({ ...(isRest ? {} : { parent }), planGroupId: groupId }));
  const isFramed = protocol === "grpc" || protocol === "grpc-web";
  return {
    path: isRest ? `/v1/${parent}/planGroups` : `/${pushMethod}`,
    body: isFramed ? Buffer.from(encodeEnvelope(0, json)) : json,
  };
}

/** Sends a push with one Authorization header for each token, whether or not its body follows. */
function pushWithHeaders(
  protocol: PlanSharingProtocol,
  tokens: readonly string[],
  groupId: string,
  version: "1.1" | "2",
  hasBody = true,
): Promise<Shown> {
  const { path, body } = requestOf(protocol, groupId);
  const headers: [string, string][] = [
    ["content-type", contentTypes[protocol]],
    ...tokens.map((each): [string, string] => ["authorization", each && `Bearer ${each}`]),
  ];
  const sent = hasBody ? body : undefined;
  return version === "2" ? sendHttp2(path, headers, sent) : sendHttp1(path, headers, sent);
}

async function sendHttp1(
  path: string,
  headers: [string, string][],
  body: Buffer | undefined,
): Promise<Shown> {
  const socket = await openSocket(server.port);
  const lines = [["host", "localhost"], ["content-length", String(body?.length ?? 1000)], ...headers];
  socket.write(
    `POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`,
  );
  if (body !== undefined) {
    socket.write(body);
  }
  const text = await socket.received(/grpc-status: ?\d+\r\n|\r\n\r\n[\s\S]*\}/);
  socket.destroy();
  const grpc = /grpc-status: ?(\d+)/.exec(text)?.[1];
  return { status: grpc === undefined ? text.slice(9, 12) : `grpc ${grpc}`, text };
}

async function sendHttp2(
  path: string,
  headers: [string, string][],
  body: Buffer | undefined,
): Promise<Shown> {
  // Without this Node's client refuses the second header, which is the point of it.
  const lenient: object = { strictSingleValueFields: false };
  const session = connect(server.url, lenient);
  try {
    return await new Promise<Shown>((resolve, reject) => {
      session.on("error", reject);
      const stream = session.request(
        [":method", "POST", ":path", path, "te", "trailers", ...headers.flat()],
        { endStream: false },
      );
      let text = "";
      let status = "";
      const take = (received: object) => {
        for (const [name, value] of Object.entries(received)) {
          text += `${name}: ${value}\r\n`;
          status = name === "grpc-status" ? `grpc ${value}` : status || String(value);
        }
      };
      stream.on("response", take);
      stream.on("trailers", take);
      stream.on("data", (chunk: Buffer) => {
        text += chunk.toString("latin1");
      });
      stream.on("error", reject);
      stream.on("end", () => {
        const inBody = /grpc-status: ?(\d+)\r\n/.exec(text)?.[1];
        resolve({ status: inBody === undefined ? status : `grpc ${inBody}`, text });
      });
      if (body !== undefined) {
        stream.end(body);
      }
    });
  } finally {
    session.destroy();
  }
}

describe.each([
  ...protocols.map((protocol) => [protocol, "2"] as const),
  ...protocols.filter((protocol) => protocol !== "grpc").map((protocol) => [protocol, "1.1"] as const),
])("over %s on HTTP/%s, before the body", (protocol, version) => {
  const isHttp = protocol === "connect" || protocol === "rest";
  const toHead = (...tokens: string[]) => pushWithHeaders(protocol, tokens, freshKey(), version, false);

  it("no token is refused, without an error code (RFC 6750 3.1)", async () => {
    const { status, text } = await toHead();
    expect(status).toBe(isHttp ? "401" : "grpc 16");
    expect(text).toContain(`www-authenticate: ${realm}\r\n`);
  });

  it("a token that does not verify is refused", async () => {
    const { status, text } = await toHead(unsigned(await token()));
    expect(status).toBe(isHttp ? "401" : "grpc 16");
    expect(text).toContain(`www-authenticate: ${realm}, error="invalid_token"`);
  });

  it("a token without the scope is refused", async () => {
    const { status, text } = await toHead(await token({ scope: readScope }));
    expect(status).toBe(isHttp ? "403" : "grpc 7");
    expect(text).toContain(
      `www-authenticate: ${realm}, error="insufficient_scope", scope="${pushScope}"\r\n`,
    );
  });

  it("two tokens are refused", async () => {
    const { status, text } = await toHead(await token(), await token());
    expect(status).toBe(isHttp ? "400" : "grpc 3");
    expect(text).toContain(`www-authenticate: ${realm}, error="invalid_request"`);
  });

  it("a token whose issuer does not answer is unverifiable", async () => {
    const { status, text } = await toHead(await token({}, failing));
    expect(status).toBe(isHttp ? "503" : "grpc 14");
    expect(text).not.toContain("www-authenticate");
  });

  it("a token of a revoked account is refused", async () => {
    const { status, text } = await toHead(await tokenOfRevokedAccount());
    expect(status).toBe(isHttp ? "401" : "grpc 16");
    expect(text).toContain(`error_description="${revoked}"`);
  });
});
