import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { SignJWT } from "jose";
import { afterAll, beforeEach, expect, it, vi } from "vitest";
import { verifyAccountJwt } from "../../src/auth/account-jwt.ts";
import type { ServiceAccount } from "../../src/auth/accounts/list-file.ts";
import { createTestClock, testTime } from "../support/test-clock.ts";

// Other tests of this process have modules without the mock already, and must not get those with it.
vi.hoisted(() => vi.resetModules());
afterAll(() => {
  vi.doUnmock("jose");
  vi.resetModules();
});

const verifications = vi.hoisted(() => ({ count: 0 }));

vi.mock("jose", async (importOriginal) => {
  const jose = await importOriginal<typeof import("jose")>();
  return {
    ...jose,
    jwtVerify: (...args: Parameters<typeof jose.jwtVerify>) => {
      verifications.count += 1;
      return jose.jwtVerify(...args);
    },
  };
});

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const account: ServiceAccount = {
  email: "a@x",
  asns: new Set([65001]),
  scopes: new Set(),
  keys: [
    { keyId: "1", publicKey: createPublicKey(privateKey) },
    { keyId: "2", publicKey },
  ],
};
const iat = testTime / 1000;

async function verify(claims: object, header: object = {}) {
  const token = await new SignJWT({ iss: "a@x", aud: "us", iat, exp: iat + 60, ...claims })
    .setProtectedHeader({ alg: "RS256", ...header })
    .sign(privateKey);
  const find = (email: string) => (email === account.email ? account : undefined);
  return verifyAccountJwt(token, find, createTestClock(), ({ aud }) =>
    aud === "us" ? undefined : "aud must be us",
  );
}

beforeEach(() => {
  verifications.count = 0;
});

it.each([
  ["of an unknown account", { iss: "b@x" }, {}],
  ["of no account", { iss: undefined }, {}],
  ["of an unknown key", {}, { kid: "3" }],
  ["that has expired", { iat: iat - 60, exp: iat }, {}],
  ["without an end", { exp: undefined }, {}],
  ["with an end that is no number", { exp: "never" }, {}],
  ["of the future", { iat: iat + 120 }, {}],
  ["that lasts too long", { exp: iat + 3_601 }, {}],
  ["for somebody else", { sub: "c@x" }, {}],
  ["for another audience", { aud: "them" }, {}],
])("a JWT %s is rejected without verifying its signature", async (_, claims, header) => {
  expect(await verify(claims, header)).toEqual({ rejected: expect.any(String) });
  expect(verifications.count).toBe(0);
});

it("a JWT without a key ID is verified with the keys of its account only until one fits", async () => {
  expect(await verify({})).toMatchObject({ account, keyId: "1" });
  expect(verifications.count).toBe(1);
});
