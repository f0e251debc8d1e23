import { createPrivateKey, sign } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AuthConfigSchema } from "../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import type { KeyFile } from "../../src/auth/accounts/administration.ts";
import { isCanonicalJwt } from "../../src/auth/jwt-form.ts";
import { readApiError } from "../support/api-error.ts";
import { type JwtProvider, startJwtProvider } from "../support/auth/identity-providers.ts";
import { secondsFromNow } from "../support/auth/jwt-forge.ts";
import { makeAccount, requestToken, signAssertion } from "../support/auth/service-accounts.ts";
import { callRaw } from "../support/http/raw-call.ts";
import { parent, protocols, startTestServer, type TestServer } from "../support/test-server.ts";

const audience = "https://mdps.test";
let provider: JwtProvider;
let server: TestServer;
let account: KeyFile;
beforeAll(async () => {
  provider = await startJwtProvider();
  await provider.makeKey("RS256", "rsa");
  await provider.publish("rsa");
  const { issuer, jwksUri } = provider;
  const config = { issuer, jwksUri, audiences: [audience], claims: { asns: "asns" } };
  server = await startTestServer({ auth: create(AuthConfigSchema, { jwtIssuers: [config] }) });
  account = await makeAccount(server);
});
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await Promise.all([server[Symbol.asyncDispose](), provider[Symbol.asyncDispose]()]);
});

const assertion = (claims: Record<string, unknown> = {}) => signAssertion(server, account, claims);

/** Every kind of JWT that is accepted as an access token. */
const kinds: readonly [string, () => Promise<string>][] = [
  ["the server's own token", () => server.makeToken()],
  [
    "a token of the token endpoint",
    async () => String((await requestToken(server, await assertion())).body.access_token),
  ],
  ["a self-signed token", () => assertion({ aud: server.url })],
  [
    "a token of an identity provider",
    () =>
      provider.token({
        sub: "acme",
        aud: audience,
        asns: [65001],
        scope: "https://www.googleapis.com/auth/dataplansharing",
        iat: secondsFromNow(server.clock),
        exp: secondsFromNow(server.clock, 600),
      }),
  ],
];

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Sets unused bits of the last character. */
function withUnusedBits(token: string): string {
  return token.slice(0, -1) + alphabet[alphabet.indexOf(token.slice(-1)) + 1];
}

/** Other spellings of a token, whose signature is the same to a lenient decoder. */
const spellings: readonly [string, (token: string) => string][] = [
  ["with padding", (token) => `${token}==`],
  ["with half a padding", (token) => `${token}=`],
  ["with more padding", (token) => `${token}====`],
  ["with unused bits set", withUnusedBits],
  // The signature may have neither of these: then another character is as wrong.
  [
    "in the other alphabet of base64",
    (token) => token.replace(/[-_](?!.*[-_])/, (c) => (c === "-" ? "+" : "/")),
  ],
  ["with a last character of six bits", (token) => `${token}AAA`],
  ["with a fourth part", (token) => `${token}.`],
];

async function push(protocol: (typeof protocols)[number], token: string) {
  const body = protocol === "rest" ? {} : { parent };
  const method =
    protocol === "rest"
      ? `POST /v1/${parent}/planGroups`
      : "mobiledataplansharing.v1.PlanGroupService/CreatePlanGroup";
  const call = {
    url: server.url,
    protocol,
    token,
    method,
    format: "json",
    body: JSON.stringify(body),
  } as const;
  return readApiError((await callRaw(call)).error as ConnectError);
}

describe.each(kinds)("spellings of %s", (_, make) => {
  it.each(protocols)("only the canonical spelling is accepted over %s", async (protocol) => {
    const token = await make();
    expect(await push(protocol, token)).toMatchObject({ reason: "FIELD_INVALID" });
    for (const [spelling, spell] of spellings) {
      const other = spell(token);
      if (other !== token) {
        expect(await push(protocol, other), spelling).toMatchObject({ reason: "CREDENTIALS_INVALID" });
      }
    }
  });
});

describe("spellings of assertions", () => {
  it.each([
    ...spellings,
    ["with a line feed at its end", (token: string) => `${token}\n`] as const,
    ["with a blank in it", (token: string) => token.replace(".", ". ")] as const,
    ["with a line feed in it", (token: string) => `${token.slice(0, -8)}\n${token.slice(-8)}`] as const,
    ["with a blank before it", (token: string) => ` ${token}`] as const,
  ])("an assertion %s is rejected, and does not use up its jti", async (_, spell) => {
    const token = await assertion({ jti: crypto.randomUUID() });
    const { status, body } = await requestToken(server, spell(token) === token ? `${token}=` : spell(token));
    expect({ status, error: body.error, text: body.error_description }).toEqual({
      status: 400,
      error: "invalid_grant",
      text: "assertion: the assertion is malformed",
    });
    expect((await requestToken(server, token)).status).toBe(200);
    expect((await requestToken(server, `${token}==`)).status).toBe(400);
  });

  it("an assertion whose parts were padded when it was signed is rejected", async () => {
    const parts = (await assertion()).split(".").slice(0, 2);
    const padded = parts.map((part) =>
      Buffer.from(part, "base64url").toString("base64").replaceAll("+", "-").replaceAll("/", "_"),
    );
    const content = padded.some((part) => part.endsWith("=")) ? padded.join(".") : `${padded.join(".")}=`;
    const signature = sign("sha256", Buffer.from(content), createPrivateKey(account.private_key));
    const token = `${content}.${signature.toString("base64url")}`;
    expect((await requestToken(server, token)).body.error_description).toBe(
      "assertion: the assertion is malformed",
    );
  });
});

it.each([
  ["e30.e30.AQ", true],
  ["e30.e30.", true],
  ["e30.e30.AR", false],
  ["e30.e30.AQ==", false],
  ["e30=.e30.AQ", false],
  ["e30.e30.A", false],
  ["e30.e30.+/8", false],
  ["e30.e30.-_8", true],
  ["e30.e30.AQ\n", false],
  ["e30. e30.AQ", false],
  ["e30.e30", false],
  ["e30.e30.AQ.AQ", false],
])("%j is the only spelling of a JWT: %s", (token, expected) => {
  expect(isCanonicalJwt(token)).toBe(expected);
});
