import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import type { JWK } from "jose";

/** The header parameters of a token that select keys. */
type TokenHeader = { readonly alg: string; readonly kid?: string | undefined };

/** Returns a key of a set, or undefined if it cannot be used: some issuers publish keys that are malformed. */
type SetKey = () => KeyObject | undefined;

/** The keys that an issuer publishes (RFC 7517 5). */
export type KeySet = {
  /**
   * Returns the keys that may have signed a token, at most `maxKeysPerToken`: those with its `kid`, then those without
   * one; without a `kid`, all keys for its algorithm. Several keys may have the same `kid`, and a set may have none.
   */
  keysFor(header: TokenHeader): readonly SetKey[];
  /** Returns whether a key for the algorithm has this `kid`. */
  names(header: TokenHeader): boolean;
};

/**
 * Maximum number of keys that are tried for one token, so that the cost of a token does not depend on the size of the
 * set. Issuers publish two or three keys for an algorithm.
 */
export const maxKeysPerToken = 16;

/** `kty` and `crv` of the keys of each algorithm (RFC 7518 3.1, RFC 8037 3.1). */
const families: Readonly<Record<string, { readonly kty: string; readonly crv?: string }>> = {
  ...Object.fromEntries(
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"].map((name) => [name, { kty: "RSA" }]),
  ),
  ES256: { kty: "EC", crv: "P-256" },
  ES384: { kty: "EC", crv: "P-384" },
  ES512: { kty: "EC", crv: "P-521" },
  EdDSA: { kty: "OKP", crv: "Ed25519" },
};

/** Minimum size of an RSA key, in bits (RFC 7518 3.3). */
const minRsaBits = 2_048;

/** Reads a JWK set. Throws if it is none. Keys that are unknown or malformed are ignored (RFC 7517 5). */
export function readKeySet(json: unknown): KeySet {
  const { keys } = Object(json) as { keys?: unknown };
  if (!Array.isArray(keys)) {
    throw new Error("the key set must have a list of keys");
  }
  const all = keys.filter((each): each is JWK => typeof each === "object" && each !== null);
  const indexes = new Map<string, ReturnType<typeof indexOf>>();

  function indexFor(alg: string) {
    const index = indexes.get(alg) ?? indexOf(all, alg);
    indexes.set(alg, index);
    return index;
  }

  return {
    keysFor({ alg, kid }) {
      const { byName, withName, withoutName } = indexFor(alg);
      return (
        kid === undefined ? [...withoutName, ...withName] : [...(byName.get(kid) ?? []), ...withoutName]
      ).slice(0, maxKeysPerToken);
    },
    names: ({ alg, kid }) => kid !== undefined && indexFor(alg).byName.has(kid),
  };
}

/** Groups the keys for an algorithm. Each group has only as many keys as are tried. */
function indexOf(keys: readonly JWK[], alg: string) {
  const byName = new Map<string, SetKey[]>();
  const withName: SetKey[] = [];
  const withoutName: SetKey[] = [];
  for (const jwk of keys.filter((each) => fits(each, alg))) {
    const key = usable(jwk);
    const named = typeof jwk.kid === "string" ? (byName.get(jwk.kid) ?? []) : undefined;
    if (named !== undefined) {
      byName.set(jwk.kid as string, named);
    }
    for (const group of named === undefined ? [withoutName] : [named, withName]) {
      if (group.length < maxKeysPerToken) {
        group.push(key);
      }
    }
  }
  return { byName, withName, withoutName };
}

/** Returns whether a key is for verifying signatures of an algorithm, as far as it says (RFC 7517 4). */
function fits({ kty, crv, use, key_ops: operations, alg: own, d }: JWK, alg: string): boolean {
  const family = families[alg];
  return (
    family !== undefined &&
    kty === family.kty &&
    (family.crv === undefined || crv === family.crv) &&
    (own === undefined || own === alg) &&
    (use === undefined || use === "sig") &&
    (operations === undefined || (Array.isArray(operations) && operations.includes("verify"))) &&
    // Everybody can sign with a private key that is published.
    d === undefined
  );
}

/** Reads a key when it is first used, because most keys of a large set never are. */
function usable({ kty, crv, n, e, x, y }: JWK): SetKey {
  let read: { readonly key: KeyObject | undefined } | undefined;
  return () => {
    read ??= { key: publicKeyOf({ kty, crv, n, e, x, y } as JsonWebKey) };
    return read.key;
  };
}

function publicKeyOf(jwk: JsonWebKey): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: jwk, format: "jwk" });
    const { modulusLength = minRsaBits } = key.asymmetricKeyDetails ?? {};
    return modulusLength < minRsaBits ? undefined : key;
  } catch {
    return undefined;
  }
}
