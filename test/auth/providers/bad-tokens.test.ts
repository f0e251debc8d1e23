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
/** For changes that take effect after up to 250 ms. The timeout is long so that slow machines pass. */
const soon = { interval: 50 };
const realm = 'Bearer realm="mobile-data-plan-sharing"';
const pushMethod = "mobiledataplansharing.v1.PlanGroupService/CreatePlanGroup";
const readMethod = "mobiledataplansharing.serving.v1.PlanServingService/GetPlanGroup";

/** Three configured providers, of which `failing` fails, and `stranger`, which the server does not know. */
let provider: JwtProvider;
let other: JwtProvider;
let failing: JwtProvider;
let stranger: JwtProvider;
let server: TestServer;
let acme: KeyFile;
let rival: KeyFile;

/** ID of the RSA key of each provider. */
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

/** Creates a service account in the data directory of the server. */
function account(name: string, asns: readonly number[], scopes = [pushScope, readScope]): Promise<KeyFile> {
  return createServiceAccount(
    server.directory,
    { email: `${name}@accounts.test`, asns, scopes },
    keyInit(),
    server.clock,
  );
}

let accounts = 0;

/** Creates an account for one test. Resolves when the server knows it. */
async function freshAccount(asns: readonly number[] = [65001]): Promise<KeyFile> {
  accounts += 1;
  const key = await account(`account-${accounts}`, asns);
  await known(key);
  return key;
}

/** Resolves when the server knows a key. It notices changes of the list within 250 ms. */
async function known(key: KeyFile): Promise<void> {
  await expect
    .poll(() => isAccepted(signedByAccount(key, server.clock, { aud: server.url })), soon)
    .toBe(true);
}

async function isAccepted(token: string | Promise<string>): Promise<boolean> {
  const { error } = await push("rest", await token);
  return error === undefined;
}

/** Requests a token from the token endpoint with an assertion. */
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

/** Returns a token of the provider that is valid except for the changed claims. */
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

/** Expects an error with this reason and challenge that contains no part of the tokens. */
function expectRejected(
  protocol: PlanSharingProtocol,
  { error, httpStatus, text }: RawAnswer,
  reason: keyof typeof codeOf,
  challenge: string,
  ...tokens: string[]
): void {
  if (error === undefined) {
    expect.fail("the call succeeded");
  }
  const received = readApiError(error);
  expect(received).toMatchObject({ code: codeOf[reason], reason });
  expect(httpStatus).toBe(protocol === "connect" || protocol === "rest" ? httpStatusOf[reason] : 200);
  expect(received.headers.get("www-authenticate")).toBe(`${realm}, ${challenge}`);
  const all = [text, error.message, ...received.headers.values()].join("\n");
  for (const part of tokens.flatMap((each) => each.split(".")).filter((each) => each.length > 8)) {
    expect(all).not.toContain(part);
  }
}

/** Expects a push and a read with a token to fail with invalid_token, and nothing to be stored. */
async function expectInvalid(protocol: PlanSharingProtocol, bad: string, description: string): Promise<void> {
  const groupId = freshKey();
  const challenge = `error="invalid_token", error_description="${description}"`;
  for (const answer of [await push(protocol, bad, { groupId }), await read(protocol, bad, groupId)]) {
    expectRejected(protocol, answer, "CREDENTIALS_INVALID", challenge, bad);
  }
  await expectNotStored(groupId);
}

const invalidSignature = "the access token has an invalid signature";
const wrongAlgorithm = "the access token is signed with an algorithm that is not accepted";
const notOfAccount = "the access token is not signed by a service account of this server";
const invalidAudience = "the access token has a missing or invalid claim: aud";
const revoked = "the service account or key of the access token was revoked";

describe.each(protocols)("over %s", (protocol) => {
  describe("a token of an identity provider", () => {
    it(`accepts a valid token of an identity provider, which the other tests change, over ${protocol}`, async () => {
      const groupId = freshKey();
      expect(await push(protocol, await token(), { groupId })).toMatchObject({ error: undefined });
      expect(await read(protocol, await token(), groupId)).toMatchObject({ error: undefined });
    });

    it(`rejects a token of an identity provider without a signature (alg none) over ${protocol}`, async () => {
      await expectInvalid(protocol, unsigned(await token()), wrongAlgorithm);
    });

    it(`rejects a token signed by HS256 with the public key of the provider as the secret over ${protocol}`, async () => {
      const pem = provider.publicPem(rsa);
      for (const secret of [pem, pem.trimEnd()]) {
        await expectInvalid(protocol, await signedWithSecret(await token(), secret), wrongAlgorithm);
      }
    });

    it(`rejects a token signed by another issuer whose key has the same ID over ${protocol}`, async () => {
      for (const iss of [other, stranger]) {
        await expectInvalid(protocol, await token({ iss: provider.issuer }, iss), invalidSignature);
      }
    });

    it(`rejects a token of an unknown issuer over ${protocol}`, async () => {
      await expectInvalid(
        protocol,
        await token({}, stranger),
        "the access token has an unknown issuer: send a token of this server",
      );
    });

    it(`rejects a token whose claims were changed after signing over ${protocol}`, async () => {
      await expectInvalid(protocol, withClaims(await token(), { asns: [65001, 65002] }), invalidSignature);
    });

    it.each<[string, JWTPayload["aud"]]>([
      ["another URL", "https://other.test"],
      ["a list of other URLs", ["https://other.test", "https://mdps.test.other"]],
      ["the accepted one with a slash", `${audience}/`],
      ["missing", undefined],
      ["an empty list", []],
    ])(`rejects a token of an identity provider whose audience is %s over ${protocol}`, async (_, aud) => {
      await expectInvalid(
        protocol,
        await token({ aud }),
        "the access token has a missing or invalid claim: aud",
      );
    });

    it(`rejects a token of an identity provider 30 s after its exp over ${protocol}`, async () => {
      const exp = (seconds: number) => token({ exp: secondsFromNow(server.clock, seconds) });
      expect(await push(protocol, await exp(-29))).toMatchObject({ error: undefined });
      await expectInvalid(protocol, await exp(-30), "the access token has expired: fetch a new one");
    });

    it(`rejects a token of an identity provider without exp over ${protocol}`, async () => {
      await expectInvalid(
        protocol,
        await token({ exp: undefined }),
        "the access token has a missing or invalid claim: exp",
      );
    });

    it(`rejects a token of an identity provider more than 30 s before its nbf over ${protocol}`, async () => {
      const nbf = (seconds: number) => token({ nbf: secondsFromNow(server.clock, seconds) });
      expect(await push(protocol, await nbf(30))).toMatchObject({ error: undefined });
      await expectInvalid(protocol, await nbf(31), "the access token is not valid yet");
    });

    it.each<[string, unknown]>([
      ["is missing", undefined],
      ["is empty", ""],
      ["has the required scope as a prefix", `${pushScope}2`],
      ["has the required scope and a suffix after a dot", `${pushScope}.readonly`],
      ["is a prefix of the required scope", pushScope.slice(0, -"sharing".length)],
      ["is the required scope in capitals", pushScope.toUpperCase()],
      ["has a comma instead of a space", `${pushScope},${readScope}`],
      ["is a list of such strings", [`${pushScope}2`, `x ${pushScope}`, 1, null]],
      ["is of another type", { [pushScope]: true }],
    ])(`rejects a token whose scope %s over ${protocol}`, async (_, scope) => {
      const bad = await token({ scope });
      const groupId = freshKey();
      const challenge = (wanted: string) => `error="insufficient_scope", scope="${wanted}"`;
      const pushed = await push(protocol, bad, { groupId });
      expectRejected(protocol, pushed, "SCOPE_INSUFFICIENT", challenge(pushScope), bad);
      const got = await read(protocol, bad, groupId);
      expectRejected(protocol, got, "SCOPE_INSUFFICIENT", challenge(readScope), bad);
      await expectNotStored(groupId);
    });

    it(`answers the same for another operator and one that does not exist over ${protocol}`, async () => {
      const groupId = freshKey();
      await push(protocol, server.token, { operator: "operators/65002", groupId });
      const answers: unknown[] = [];
      for (const asn of ["65002", "65003"]) {
        const { httpStatus, text, error } = await push(protocol, await token(), {
          operator: `operators/${asn}`,
          groupId,
        });
        const received = error && readApiError(error);
        expect(received).toMatchObject({ code: "PermissionDenied", reason: "OPERATOR_NOT_LINKED" });
        expect(received?.headers.get("www-authenticate")).toBeNull();
        const { headers, ...rest } = received ?? {};
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
    ])(`rejects another operator spelled %s over ${protocol}`, async (operator) => {
      const groupId = freshKey();
      const { error, httpStatus } = await push(protocol, await token(), { operator, groupId });
      expect(error === undefined && httpStatus < 400).toBe(false);
      await expectNotStored(groupId, "operators/65002");
      await expectNotStored(groupId);
    });

    it.each(["operators/065001", "operators/65001%00", "operators%2F65001", "operators/ 65001"])(
      `rejects the operator of the token spelled %s over ${protocol}`,
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

    it(`rejects a token of 1 MB and serves the next call over ${protocol}`, async () => {
      const groupId = freshKey();
      const long = `${await token()}${"A".repeat(1024 * 1024)}`;
      // How is up to the limit on headers of the transport: 431, or the end of the stream.
      const outcome = await push(protocol, long, { groupId }).catch((error: Error) => error);
      expect(outcome instanceof Error || outcome.error !== undefined).toBe(true);
      await expectNotStored(groupId);
      expect(await push(protocol, await token())).toMatchObject({ error: undefined });
    });

    it(`rejects a token of more than 8,192 characters without verifying it over ${protocol}`, async () => {
      const long = await token({ padding: "x".repeat(8_192) });
      await expectInvalid(protocol, long, "the access token has more than 8192 characters");
    });
  });

  describe("a token in the query", () => {
    it.each(["access_token", "oauth_token", "access%5Ftoken", "oauth%5ftoken"])(
      `rejects the query parameter %s although the header has a valid token over ${protocol}`,
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
            expectRejected(protocol, answer, "CREDENTIALS_MALFORMED", challenge, good);
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
    ])(`rejects two Authorization headers: %s, over ${protocol}`, async (_, make) => {
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

    it(`rejects the same Authorization header twice over ${protocol}`, async () => {
      const good = await token();
      const groupId = freshKey();
      const { status } = await pushWithHeaders(protocol, [good, good], groupId, "2");
      expect(status).toBe(protocol === "connect" || protocol === "rest" ? "400" : "grpc 3");
      await expectNotStored(groupId);
    });

    it(`accepts each of the two Authorization headers alone over ${protocol}`, async () => {
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
    ])(`accepts a self-signed token with %s over ${protocol}`, async (_, claims) => {
      const groupId = freshKey();
      const good = await selfSigned(claims());
      expect(await push(protocol, good, { groupId })).toMatchObject({ error: undefined });
      expect(await read(protocol, good, groupId)).toMatchObject({ error: undefined });
    });

    it.each<[string, () => JWTPayload, string]>([
      ["for another server", () => ({ aud: "https://other.test" }), invalidAudience],
      [
        "for another server, with a scope",
        () => ({ aud: "https://other.test", scope: pushScope }),
        invalidAudience,
      ],
      ["for another port", () => ({ aud: "http://127.0.0.1:1" }), invalidAudience],
      ["for a server whose name begins alike", () => ({ aud: `${server.url}.other.test` }), invalidAudience],
      [
        "for another server, with this one as its user",
        () => ({ aud: server.url.replace(/$/, "@other.test") }),
        invalidAudience,
      ],
      ["for a list of servers", () => ({ aud: [server.url] }), invalidAudience],
      ["without aud and scope", () => ({}), invalidAudience],
      [
        "that lasts longer than an hour",
        () => ({ aud: server.url, exp: secondsFromNow(server.clock, 3601) }),
        "exp must be at most 3600 s after iat",
      ],
      [
        "for another subject",
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
        "the access token has expired: fetch a new one",
      ],
      [
        "with iat more than a minute ahead",
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
    ])(`rejects a self-signed token %s over ${protocol}`, async (_, claims, description) => {
      await expectInvalid(protocol, await selfSigned(claims()), description);
    });

    it(`limits a self-signed token to the scopes that it lists over ${protocol}`, async () => {
      const groupId = freshKey();
      const bad = await selfSigned({ aud: server.url, scope: readScope });
      const challenge = `error="insufficient_scope", scope="${pushScope}"`;
      const answer = await push(protocol, bad, { groupId });
      expectRejected(protocol, answer, "SCOPE_INSUFFICIENT", challenge, bad);
      await expectNotStored(groupId);
    });

    it(`rejects a self-signed token signed with the key of another account, with any key ID, over ${protocol}`, async () => {
      const claims = { aud: server.url, iss: acme.client_email, sub: acme.client_email };
      for (const kid of [rival.private_key_id, acme.private_key_id]) {
        await expectInvalid(protocol, await signedByAccount(rival, server.clock, claims, kid), notOfAccount);
      }
    });

    it(`rejects a self-signed token with the key ID of another account over ${protocol}`, async () => {
      const bad = await signedByAccount(acme, server.clock, { aud: server.url }, rival.private_key_id);
      await expectInvalid(protocol, bad, notOfAccount);
    });

    it(`rejects a self-signed token without a signature (alg none) over ${protocol}`, async () => {
      const bad = unsigned(await selfSigned({ aud: server.url }));
      await expectInvalid(protocol, bad, wrongAlgorithm);
    });

    it(`rejects a self-signed token signed by HS256 with the public key of the account as the secret over ${protocol}`, async () => {
      const pem = publicPemOf(acme);
      for (const secret of [pem, pem.trimEnd()]) {
        const bad = await signedWithSecret(await selfSigned({ aud: server.url }), secret);
        await expectInvalid(protocol, bad, wrongAlgorithm);
      }
    });

    it(`rejects an assertion for the token endpoint as an access token (RFC 8725 3.12) over ${protocol}`, async () => {
      const bad = await assertionOf(acme, { jti: `assertion over ${protocol}` });
      await expectInvalid(protocol, bad, invalidAudience);
    });
  });

  describe("after a change of the account", () => {
    it(`rejects granted and self-signed tokens of a revoked account and grants no new ones over ${protocol}`, async () => {
      const key = await freshAccount();
      const tokens = await tokensOf(key, protocol);
      const assertion = await assertionOf(key);
      await revokeServiceAccount(server.directory, key.client_email, server.clock);
      await expect.poll(() => isAccepted(tokens.granted), soon).toBe(false);
      for (const each of Object.values(tokens)) {
        await expectInvalid(protocol, each, revoked);
      }
      // The issuer of a token that is not cached is unknown.
      const unseen = await signedByAccount(key, server.clock, { aud: server.url, jti: "unseen" });
      await expectInvalid(
        protocol,
        unseen,
        "the access token has an unknown issuer: send a token of this server",
      );
      expect(await grant(assertion)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
    });

    it(`rejects tokens of a revoked account after an account with the same email was created over ${protocol}`, async () => {
      const key = await freshAccount();
      const tokens = await tokensOf(key, protocol);
      await revokeServiceAccount(server.directory, key.client_email, server.clock);
      const heir = await account(key.client_email.replace(/@.*/, ""), [65001]);
      await known(heir);
      for (const each of Object.values(tokens)) {
        await expectInvalid(protocol, each, revoked);
      }
    });

    it(`rejects pushes for an operator that was unlinked from the account over ${protocol}`, async () => {
      const key = await freshAccount([65001, 65002]);
      const tokens = await tokensOf(key, protocol);
      await linkServiceAccount(server.directory, key.client_email, 65001, false);
      await expect.poll(() => isAccepted(tokens.granted), soon).toBe(false);
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

    it(`rejects tokens of a removed key and accepts those of another key over ${protocol}`, async () => {
      const key = await freshAccount();
      const second = await addServiceAccountKey(server.directory, key.client_email, keyInit(), server.clock);
      await known(second);
      const [removed, valid] = [await tokensOf(key, protocol), await tokensOf(second, protocol)];
      await removeServiceAccountKey(server.directory, key.client_email, key.private_key_id);
      await expect.poll(() => isAccepted(removed.granted), soon).toBe(false);
      for (const each of Object.values(removed)) {
        await expectInvalid(protocol, each, revoked);
      }
      for (const each of Object.values(valid)) {
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

/** Returns a granted and a self-signed token. Both have just pushed. */
async function tokensOf(key: KeyFile, protocol: PlanSharingProtocol) {
  const granted = await grantedToken(key);
  const selfSigned = await signedByAccount(key, server.clock, { aud: server.url });
  for (const each of [granted, selfSigned]) {
    expect(await push(protocol, each)).toMatchObject({ error: undefined });
  }
  return { granted, selfSigned };
}

let ofRevokedAccount: Promise<string> | undefined;

/** Returns a token that the server had cached before its account was revoked. Created once. */
function tokenOfRevokedAccount(): Promise<string> {
  ofRevokedAccount ??= (async () => {
    const key = await freshAccount();
    const { granted } = await tokensOf(key, "rest");
    await revokeServiceAccount(server.directory, key.client_email, server.clock);
    await expect.poll(() => isAccepted(granted), soon).toBe(false);
    return granted;
  })();
  return ofRevokedAccount;
}

/** Returns the public key of an account as PEM. */
function publicPemOf({ private_key }: KeyFile): string {
  return createPublicKey(private_key).export({ type: "spki", format: "pem" }).toString();
}

describe("a GET of Connect", () => {
  it.each(["access_token", "oauth_token"])("rejects a Connect GET with %s in its query", async (name) => {
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
  it("grants one token for an assertion and rejects its jti afterwards", async () => {
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

  it("grants one token for an assertion that is sent many times at once", async () => {
    const key = await freshAccount();
    const assertion = await assertionOf(key, { jti: "all at once" });
    const answers = await Promise.all(Array.from({ length: 20 }, () => grant(assertion)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it("accepts the same jti in assertions of two accounts", async () => {
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
    ["for the server instead of the token endpoint", () => assertionOf(acme, { aud: server.url })],
    ["of an identity provider", () => token({ aud: `${server.url}/token` })],
    ["that is an access token of the server", () => grantedToken(acme)],
  ])("grants no token for an assertion %s", async (_, make) => {
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

/** An answer: its HTTP status or, in gRPC, `grpc` and the code, and all of its text. */
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

/** Sends a push with one Authorization header for each token, with or without a body. */
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
  // Node's client rejects a second header without this option.
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
  const on = `over ${protocol} on HTTP/${version}`;
  const isHttp = protocol === "connect" || protocol === "rest";
  const toHead = (...tokens: string[]) => pushWithHeaders(protocol, tokens, freshKey(), version, false);

  it(`answers a call without a token before its body, without an error code (RFC 6750 3.1), ${on}`, async () => {
    const { status, text } = await toHead();
    expect(status).toBe(isHttp ? "401" : "grpc 16");
    expect(text).toContain(`www-authenticate: ${realm}\r\n`);
  });

  it(`rejects an invalid token before the body ${on}`, async () => {
    const { status, text } = await toHead(unsigned(await token()));
    expect(status).toBe(isHttp ? "401" : "grpc 16");
    expect(text).toContain(`www-authenticate: ${realm}, error="invalid_token"`);
  });

  it(`rejects a token without the required scope before the body ${on}`, async () => {
    const { status, text } = await toHead(await token({ scope: readScope }));
    expect(status).toBe(isHttp ? "403" : "grpc 7");
    expect(text).toContain(
      `www-authenticate: ${realm}, error="insufficient_scope", scope="${pushScope}"\r\n`,
    );
  });

  it(`rejects two tokens before the body ${on}`, async () => {
    const { status, text } = await toHead(await token(), await token());
    expect(status).toBe(isHttp ? "400" : "grpc 3");
    expect(text).toContain(`www-authenticate: ${realm}, error="invalid_request"`);
  });

  it(`answers UNAVAILABLE before the body when the issuer of the token fails ${on}`, async () => {
    const { status, text } = await toHead(await token({}, failing));
    expect(status).toBe(isHttp ? "503" : "grpc 14");
    expect(text).not.toContain("www-authenticate");
  });

  it(`rejects a token of a revoked account before the body ${on}`, async () => {
    const { status, text } = await toHead(await tokenOfRevokedAccount());
    expect(status).toBe(isHttp ? "401" : "grpc 16");
    expect(text).toContain(`error_description="${revoked}"`);
  });
});
