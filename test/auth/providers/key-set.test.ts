import type { JWK } from "jose";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { maxKeysPerToken } from "../../../src/auth/providers/key-set.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import {
  type IssuerKey,
  type KeySetIssuer,
  makeIssuerKey,
  startKeySetIssuer,
} from "../../support/auth/key-set-issuer.ts";
import { second } from "../../support/plan-statuses.ts";

const planGroup = { $typeName: "mobiledataplansharing.v1.PlanGroup" };
const unverifiable = { code: "Unavailable", reason: "CREDENTIALS_UNVERIFIABLE" };
const badSignature = "the access token has an invalid signature";
const unknownKey = "the access token is signed with an unknown key";

let rsa: IssuerKey;
let ec: IssuerKey;
let otherRsa: IssuerKey;
let otherEc: IssuerKey;
let p384: IssuerKey;
beforeAll(async () => {
  [rsa, ec, otherRsa, otherEc, p384] = await Promise.all([
    makeIssuerKey("RS256"),
    makeIssuerKey("ES256"),
    makeIssuerKey("RS256"),
    makeIssuerKey("ES256"),
    makeIssuerKey("ES384"),
  ]);
});

/** Expects a push to fail with CREDENTIALS_INVALID and this description. */
async function expectInvalid(push: Promise<unknown>, description: string): Promise<void> {
  const error = await apiErrorOf(push);
  expect(error).toMatchObject({ code: "Unauthenticated", reason: "CREDENTIALS_INVALID" });
  expect(error.headers.get("www-authenticate")).toContain(`error_description="${description}"`);
}

/** Counts the signatures that are checked while `run` runs. */
async function countChecks(run: () => Promise<unknown>): Promise<number> {
  const verify = vi.spyOn(crypto.subtle, "verify");
  try {
    await run();
    return verify.mock.calls.length;
  } finally {
    verify.mockRestore();
  }
}

type Published = () => unknown[];
type Header = Readonly<Record<string, unknown>>;

describe("a token of one of several keys", () => {
  it.each<[string, Published, () => IssuerKey, string?]>([
    ["without kid by the first of two keys without kid", () => [rsa.jwk, otherRsa.jwk], () => rsa],
    ["without kid by the second of two keys without kid", () => [rsa.jwk, otherRsa.jwk], () => otherRsa],
    ["without kid by the second of two EC keys", () => [ec.jwk, otherEc.jwk], () => otherEc],
    ["without kid by one of several keys with kid", () => named(ec, otherEc), () => otherEc],
    [
      "without kid by a key without kid among keys with kid",
      () => [...named(ec), otherEc.jwk],
      () => otherEc,
    ],
    ["with kid by a single key without kid", () => [rsa.jwk], () => rsa, "2026"],
    ["with kid by the second of two keys without kid", () => [ec.jwk, otherEc.jwk], () => otherEc, "2026"],
    [
      "with kid by a key without kid among others with kid",
      () => [...named(ec), otherEc.jwk],
      () => otherEc,
      "x",
    ],
    [
      "with kid by a key without kid although another key has it",
      () => [...named(ec), otherEc.jwk],
      () => otherEc,
      "0",
    ],
    [
      "with kid by the second of two keys with this kid",
      () => same(rsa.jwk, otherRsa.jwk),
      () => otherRsa,
      "same",
    ],
    [
      "with kid by the RSA key of two keys of different types with this kid",
      () => same(ec.jwk, rsa.jwk),
      () => rsa,
      "same",
    ],
    [
      "with kid by the EC key of two keys of different types with this kid",
      () => same(rsa.jwk, ec.jwk),
      () => ec,
      "same",
    ],
    ["with kid by the P-256 key of two curves with this kid", () => same(p384.jwk, ec.jwk), () => ec, "same"],
  ])("accepts a token %s", async (_, keys, signer, kid) => {
    const { publish, push } = await startKeySetIssuer();
    publish(...keys());
    expect(await push(signer(), kid === undefined ? {} : { header: { kid } })).toMatchObject(planGroup);
  });

  it.each<[string, Partial<JWK>]>([
    ["is for encryption", { use: "enc" }],
    ["is only for signing", { key_ops: ["sign"] }],
    ["is for wrapping keys", { key_ops: ["wrapKey", "encrypt"] }],
    ["is for another algorithm", { alg: "RS512" }],
    ["is for encryption with RSA-OAEP", { alg: "RSA-OAEP" }],
    ["has operations that are no list", { key_ops: "verify" as unknown as string[] }],
  ])("does not use a key that %s, and uses another with the same kid", async (_, change) => {
    const { publish, push } = await startKeySetIssuer();
    const header = { kid: "same" };
    publish(...same({ ...otherRsa.jwk, ...change }, rsa.jwk));
    await expectInvalid(push(otherRsa, { header }), badSignature);
    expect(await push(rsa, { header })).toMatchObject(planGroup);
    const alone = await startKeySetIssuer();
    alone.publish({ ...otherRsa.jwk, ...change });
    await expectInvalid(alone.push(otherRsa), unknownKey);
  });

  it("does not use a private key that an issuer publishes, because everybody can sign with it", async () => {
    const { publish, push } = await startKeySetIssuer();
    publish({ ...ec.jwk, d: "c2VjcmV0" });
    await expectInvalid(push(ec), unknownKey);
  });

  it("does not use a shared secret that an issuer publishes", async () => {
    const { publish, push } = await startKeySetIssuer();
    publish({ kty: "oct", k: "c2VjcmV0" });
    await expectInvalid(push(ec), unknownKey);
  });

  it.each<[string, () => unknown]>([
    ["null", () => null],
    ["text", () => "key"],
    ["a list", () => []],
    ["an object without members", () => ({})],
    ["a key of an unknown type", () => ({ kty: "AKP", alg: "ML-DSA-44", pub: "AA" })],
    ["an EC key without coordinates", () => ({ kty: "EC", crv: "P-256" })],
    ["an EC key that is not on its curve", () => ({ ...ec.jwk, x: ec.jwk.y })],
    ["an EC key whose coordinates are numbers", () => ({ ...ec.jwk, x: 1, y: 2 })],
    ["a key whose kid is a number", () => ({ ...otherEc.jwk, kid: 1 })],
    ["a key with unknown members", () => ({ ...otherEc.jwk, ext: "no", issuer: "{tenantid}", x5c: [1] })],
  ])("accepts tokens of the other keys of a set with %s", async (_, bad) => {
    const { publish, push } = await startKeySetIssuer();
    publish(bad(), ec.jwk, { ...ec.jwk, kid: "named" });
    expect(await push(ec)).toMatchObject(planGroup);
    expect(await push(ec, { header: { kid: "named" } })).toMatchObject(planGroup);
  });

  it("does not use RSA keys of less than 2,048 bits", async () => {
    const { publish, push } = await startKeySetIssuer();
    const { n = "" } = rsa.jwk;
    publish({ ...rsa.jwk, n: n.slice(0, n.length / 2) }, rsa.jwk);
    expect(await countChecks(() => push(rsa))).toBe(1);
  });

  it("rejects a token that names another key than the one that signed it", async () => {
    const { publish, push } = await startKeySetIssuer();
    publish(...named(ec, otherEc));
    await expectInvalid(push(otherEc, { header: { kid: "0" } }), badSignature);
  });

  it("rejects a token whose kid is not a string", async () => {
    const { publish, push } = await startKeySetIssuer();
    publish({ ...ec.jwk, kid: "1" });
    const error = await apiErrorOf(push(ec, { header: { kid: 1 } }));
    expect(error).toMatchObject({ code: "Unauthenticated", reason: "CREDENTIALS_INVALID" });
  });

  it("reports the claims, not the signature, of an expired token of the second key", async () => {
    const { publish, push } = await startKeySetIssuer();
    publish(ec.jwk, otherEc.jwk);
    await expectInvalid(
      push(otherEc, { claims: { exp: 1 } }),
      "the access token has expired: fetch a new one",
    );
  });
});

/** Returns public keys with the kids `0`, `1`, …. */
function named(...keys: IssuerKey[]): JWK[] {
  return keys.map(({ jwk }, index) => ({ ...jwk, kid: String(index) }));
}

function same(...keys: JWK[]): JWK[] {
  return keys.map((jwk) => ({ ...jwk, kid: "same" }));
}

describe("rotation of keys without distinct names", () => {
  it.each<[string, Published, Published, Header]>([
    ["that is added without kid", () => [ec.jwk], () => [ec.jwk, otherEc.jwk], {}],
    ["that replaces another without kid", () => [ec.jwk], () => [otherEc.jwk], {}],
    ["that is added with the same kid", () => same(ec.jwk), () => same(ec.jwk, otherEc.jwk), { kid: "same" }],
    ["that replaces another with the same kid", () => same(ec.jwk), () => same(otherEc.jwk), { kid: "same" }],
  ])("accepts a token of a key %s after one request of the keys", async (_, before, after, header) => {
    const { publish, push, advance, keyRequests } = await startKeySetIssuer();
    publish(...before());
    await push(ec, { header });
    publish(...after());
    advance(30 * second);
    expect(await push(otherEc, { header })).toMatchObject(planGroup);
    expect(keyRequests()).toBe(2);
  });

  it.each([
    ["without kid", {}],
    ["with the kid of a known key", { kid: "same" }],
  ])("requests the keys once in each cool-down for tokens %s that no key verifies", async (_, header) => {
    const { publish, push, advance, keyRequests } = await startKeySetIssuer();
    publish(...same(ec.jwk));
    await push(ec, { header });
    const flood = () =>
      Promise.all(Array.from({ length: 20 }, () => expectInvalid(push(otherEc, { header }), badSignature)));
    advance(30 * second - 1);
    await flood();
    expect(keyRequests()).toBe(1);
    advance(1);
    await flood();
    expect(keyRequests()).toBe(2);
    await flood();
    expect(keyRequests()).toBe(2);
    await push(ec, { header });
  });

  it("answers UNAVAILABLE while keys cannot be fetched, except for a token that names a known key", async () => {
    const { publish, push, advance, front } = await startKeySetIssuer();
    publish({ ...ec.jwk, kid: "known" });
    await push(ec);
    await front.behave("fails");
    advance(30 * second);
    expect(await apiErrorOf(push(otherEc))).toMatchObject(unverifiable);
    expect(await apiErrorOf(push(otherEc, { header: { kid: "new" } }))).toMatchObject(unverifiable);
    await expectInvalid(push(otherEc, { header: { kid: "known" } }), badSignature);
    await push(ec);
  });
});

describe("a large set of keys", () => {
  const many = 10_000;

  async function issuerOf(keys: (index: number) => unknown): Promise<KeySetIssuer> {
    const issuer = await startKeySetIssuer();
    issuer.publish(...Array.from({ length: many }, (_, index) => keys(index)));
    return issuer;
  }

  it.each<[string, (index: number) => unknown, Header]>([
    ["without kid, and keys without kid", () => ec.jwk, {}],
    ["without kid, and keys with kid", (index) => ({ ...ec.jwk, kid: String(index) }), {}],
    ["with kid, and keys without kid", () => ec.jwk, { kid: "new" }],
    ["with kid, and keys with this kid", () => ({ ...ec.jwk, kid: "same" }), { kid: "same" }],
  ])("checks at most 16 signatures for a token %s", async (_, keys, header) => {
    const { push, keyRequests } = await issuerOf(keys);
    expect(await countChecks(() => expectInvalid(push(otherEc, { header }), badSignature))).toBe(
      maxKeysPerToken,
    );
    expect(keyRequests()).toBe(1);
  });

  it("accepts a token of the sixteenth key without kid", async () => {
    const { publish, push } = await startKeySetIssuer();
    publish(...Array.from({ length: 15 }, () => otherEc.jwk), ec.jwk);
    expect(await countChecks(() => push(ec))).toBe(16);
  });

  it("checks one signature for a token that names the last of 10,000 keys", async () => {
    const { push } = await issuerOf((index) => ({
      ...(index === many - 1 ? ec : otherEc).jwk,
      kid: String(index),
    }));
    expect(await countChecks(() => push(ec, { header: { kid: String(many - 1) } }))).toBe(1);
  });

  it("checks no signature for a token with an unknown kid when all keys have another", async () => {
    const { push } = await issuerOf((index) => ({ ...ec.jwk, kid: String(index) }));
    expect(
      await countChecks(() => expectInvalid(push(otherEc, { header: { kid: "new" } }), unknownKey)),
    ).toBe(0);
  });
});
