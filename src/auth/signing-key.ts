import { randomUUID } from "node:crypto";
import { chmod, link, mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from "jose";
import { isPrivateFile } from "../contract/private-file.ts";

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

/** Returns the key of a data directory; the first call ever makes it. Safe when several processes come first. */
export async function loadSigningKey(directory: string): Promise<SigningKey> {
  const path = join(directory, "signing-key.json");
  const text = (await readKeyFile(path)) ?? (await createKeyFile(directory, path));
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
      `${path} is no signing key. Restore it from a backup, or remove it to make a new one: tokens of the old one end.`,
      { cause },
    );
  }
}

async function readKeyFile(path: string): Promise<string | undefined> {
  try {
    if (!isPrivateFile(await stat(path))) {
      throw new SigningKeyError(`${path} can be read by others than its owner. Run: chmod 600 ${path}`);
    }
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    if (error instanceof SigningKeyError) {
      throw error;
    }
    throw new SigningKeyError(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

async function createKeyFile(directory: string, path: string): Promise<string> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), alg: algorithm, use: "sig", kid: randomUUID() };
  const draft = join(directory, `.signing-key-${randomUUID()}`);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const file = await open(draft, "wx", 0o600);
    try {
      await file.writeFile(`${JSON.stringify(jwk, undefined, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await chmod(draft, 0o600);
    // A link fails where a rename would replace: of several processes the first one's key stays.
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw new SigningKeyError(
        `no signing key can be made in ${directory}: ${(error as Error).message}. Choose a directory that can be written.`,
        { cause: error },
      );
    }
  } finally {
    await rm(draft, { force: true });
  }
  return readFile(path, "utf8");
}
