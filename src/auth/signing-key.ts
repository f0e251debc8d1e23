import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from "jose";
import { readOrCreateSecret } from "./secret-file.ts";

/** The key pair that signs the access tokens of this installation. */
export type SigningKey = {
  readonly keyId: string;
  readonly algorithm: "ES256";
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
};

/** Thrown when the signing key cannot be used. The message says what to do. */
export class SigningKeyError extends Error {
  override readonly name = "SigningKeyError";
}

const algorithm = "ES256";
const fileName = "signing-key.json";

/** Loads the key of a data directory, or creates it. Safe to call from several processes at once. Rejects with SigningKeyError. */
export async function loadSigningKey(directory: string): Promise<SigningKey> {
  const text = await readOrCreateSecret(directory, fileName, {
    create: createKey,
    errorOf: (message, cause) => new SigningKeyError(message, { cause }),
  });
  try {
    const jwk = JSON.parse(text) as JWK;
    const { kty, crv, x, y, kid } = jwk;
    if (kty === undefined || crv === undefined || x === undefined || y === undefined || kid === undefined) {
      throw new SigningKeyError("kty, crv, x, y and kid are required");
    }
    return {
      keyId: kid,
      algorithm,
      privateKey: (await importJWK(jwk, algorithm)) as CryptoKey,
      publicKey: (await importJWK({ kty, crv, x, y }, algorithm)) as CryptoKey,
    };
  } catch (cause) {
    throw new SigningKeyError(
      `${join(directory, fileName)} is not a valid signing key. Restore it from a backup, or remove it to create a new key: tokens signed with the old key stop working.`,
      { cause },
    );
  }
}

async function createKey(): Promise<string> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), alg: algorithm, use: "sig", kid: randomUUID() };
  return `${JSON.stringify(jwk, undefined, 2)}\n`;
}
