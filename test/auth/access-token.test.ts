import { SignJWT, UnsecuredJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { createOwnTokens, signAccessToken } from "../../src/auth/access-token.ts";
import { sentToken } from "../../src/auth/sent-token.ts";
import { loadSigningKey, type SigningKey } from "../../src/auth/signing-key.ts";
import { createTokenVerifier as createVerifier } from "../../src/auth/token-verifier.ts";
import type { Clock } from "../../src/contract/clock.ts";
import { makeDirectory, removeDirectory } from "../support/data-directory.ts";
import { createTestClock, testTime } from "../support/test-clock.ts";

let key: SigningKey;
let foreignKey: SigningKey;

beforeAll(async () => {
  const directories = await Promise.all([makeDirectory(), makeDirectory()]);
  [key, foreignKey] = (await Promise.all(directories.map(loadSigningKey))) as [SigningKey, SigningKey];
  await Promise.all(directories.map(removeDirectory));
});

/** Creates a verifier that knows only the tokens of one installation. */
function createTokenVerifier(own: SigningKey, clock: Clock) {
  const verifier = createOwnTokens({ key: own, clock, findServiceAccount: () => undefined });
  const verify = createVerifier({ clock, verifierOf: (iss) => (iss === issuer ? verifier : undefined) });
  return (token: string) => verify(sentToken(token));
}

const init = { account: "dpa", asns: [65001, 65002], scopes: ["a", "b"], lifetimeSeconds: 3600 };
const issuer = "mobile-data-plan-sharing";
const nowSeconds = testTime / 1000;

/** Returns a token like those of signAccessToken, with the changes of a test. */
function tokenWith(change: (jwt: SignJWT) => SignJWT, header: object = {}): Promise<string> {
  const jwt = new SignJWT({ scope: "a", asns: [65001] })
    .setProtectedHeader({ alg: "ES256", kid: key.keyId, typ: "at+jwt", ...header })
    .setIssuer(issuer)
    .setAudience(issuer)
    .setSubject("dpa")
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + 3600);
  return change(jwt).sign(key.privateKey);
}

describe("the verification of the server's own tokens", () => {
  it("returns the account, operators and scopes of a token of signAccessToken", async () => {
    const clock = createTestClock();
    const verify = createTokenVerifier(key, clock);
    expect(await verify(await signAccessToken(key, init, clock))).toEqual({
      account: "dpa",
      asns: new Set([65001, 65002]),
      scopes: new Set(["a", "b"]),
    });
  });

  it("rejects an expired token, also when it is cached", async () => {
    const clock = createTestClock();
    const verify = createTokenVerifier(key, clock);
    const token = await signAccessToken(key, init, clock);
    clock.set(testTime + 3_600_000 - 1);
    expect(await verify(token)).toMatchObject({ account: "dpa" });
    clock.set(testTime + 3_600_000);
    const expired = { rejected: "the access token has expired: fetch a new one" };
    expect(await verify(token)).toEqual(expired);
    expect(await createTokenVerifier(key, clock)(token)).toEqual(expired);
  });

  it("rejects a token of another installation", async () => {
    const clock = createTestClock();
    const token = await signAccessToken(foreignKey, init, clock);
    expect(await createTokenVerifier(key, clock)(token)).toEqual({
      rejected: "the access token has an invalid signature",
    });
  });

  it("rejects a token whose claims were changed after signing", async () => {
    const clock = createTestClock();
    const [header = "", payload = "", signature = ""] = (await signAccessToken(key, init, clock)).split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as { asns: number[] };
    claims.asns = [65003];
    const forged = Buffer.from(JSON.stringify(claims)).toString("base64url");
    expect(await createTokenVerifier(key, clock)(`${header}.${forged}.${signature}`)).toEqual({
      rejected: "the access token has an invalid signature",
    });
  });

  it.each<[string, () => Promise<string> | string, string]>([
    ["is not a JWT", () => "abc", "malformed"],
    ["is empty", () => "", "malformed"],
    [
      "has no signature (alg none)",
      () =>
        new UnsecuredJWT({ scope: "a" })
          .setIssuer(issuer)
          .setExpirationTime(nowSeconds + 1)
          .encode(),
      "an algorithm that is not accepted",
    ],
    ["has another type", () => tokenWith((jwt) => jwt, { typ: "JWT" }), "missing or invalid claim: typ"],
    ["has another issuer", () => tokenWith((jwt) => jwt.setIssuer("other")), "an unknown issuer"],
    [
      "has another audience",
      () => tokenWith((jwt) => jwt.setAudience("other")),
      "missing or invalid claim: aud",
    ],
    ["is not valid yet", () => tokenWith((jwt) => jwt.setNotBefore(nowSeconds + 600)), "not valid yet"],
  ])("rejects a token that %s", async (_, make, reason) => {
    const verify = createTokenVerifier(key, createTestClock());
    expect(await verify(await make())).toEqual({ rejected: expect.stringContaining(reason) });
  });

  it("rejects a token without exp", async () => {
    const jwt = new SignJWT({ scope: "a", asns: [65001] })
      .setProtectedHeader({ alg: "ES256", typ: "at+jwt" })
      .setIssuer(issuer)
      .setAudience(issuer)
      .setSubject("dpa");
    const verify = createTokenVerifier(key, createTestClock());
    expect(await verify(await jwt.sign(key.privateKey))).toEqual({
      rejected: "the access token has a missing or invalid claim: exp",
    });
  });

  it("grants no operators and scopes to a token whose claims have the wrong types", async () => {
    const jwt = new SignJWT({ scope: ["a"], asns: "65001" })
      .setProtectedHeader({ alg: "ES256", typ: "at+jwt" })
      .setIssuer(issuer)
      .setAudience(issuer)
      .setSubject("dpa")
      .setExpirationTime(nowSeconds + 60);
    const verify = createTokenVerifier(key, createTestClock());
    expect(await verify(await jwt.sign(key.privateKey))).toEqual({
      account: "dpa",
      asns: new Set(),
      scopes: new Set(),
    });
  });

  it("rejects a token that is signed by HMAC with the public key as the secret", async () => {
    const secret = new TextEncoder().encode(JSON.stringify(key.publicKey));
    const jwt = new SignJWT({ scope: "a", asns: [65001] })
      .setProtectedHeader({ alg: "HS256", typ: "at+jwt" })
      .setIssuer(issuer)
      .setAudience(issuer)
      .setSubject("dpa")
      .setExpirationTime(nowSeconds + 60);
    const verify = createTokenVerifier(key, createTestClock());
    expect(await verify(await jwt.sign(secret))).toEqual({
      rejected: "the access token is signed with an algorithm that is not accepted",
    });
  });
});
