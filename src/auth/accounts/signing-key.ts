import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from "jose";
import { readOrCreateSecret } from "./stored-secret.ts";

/** The key pair by which this installation signs its own access tokens. */
export type SigningKey = {
  readonly keyId: string;
  readonly algorithm: "ES256";
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
};

/** Raised when the signing key cannot be used; the message says what to do. */
export class SigningKeyError extends Error {
  override readonly name = "SigningKeyError";
}

const algorithm = "ES256";
const fileName = "signing-key.json";

/** Returns the key of a data directory; the first call ever makes it. Safe when several processes come first. */
export async function loadSigningKey(directory: string): Promise<SigningKey> {
  const text = await readOrCreateSecret(directory, fileName, {
    make: makeKey,
    errorOf: (message, cause) => new SigningKeyError(message, { cause }),
  });
  try {
    const jwk = JSON.parse(text) as JWK;
    const { kty, crv, x, y, kid } = jwk;
    if (kty === undefined || crv === undefined || x === undefined || y === undefined || kid === undefined) {
      throw new SigningKeyError("a part of the key is missing");
    }
    return {
      keyId: kid,
      algorithm,
      privateKey: (await importJWK(jwk, algorithm)) as CryptoKey,
      publicKey: (await importJWK({ kty, crv, x, y }, algorithm)) as CryptoKey,
    };
  } catch (cause) {
    throw new SigningKeyError(
      `${join(directory, fileName)} is no signing key. Restore it from a backup, or remove it to make a new one: tokens of the old one end.`,
      { cause },
    );
  }
}

async function makeKey(): Promise<string> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), alg: algorithm, use: "sig", kid: randomUUID() };
  return `${JSON.stringify(jwk, undefined, 2)}\n`;
}
