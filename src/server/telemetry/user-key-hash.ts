import { hash, randomBytes } from "node:crypto";
import { readOrCreateSecret } from "../../auth/secret-file.ts";

/** Returns what stands for a user key where the key itself must not: the same text for the same key, here alone. */
export type HashUserKey = (userKey: string) => string;

/** Raised when the key of the log cannot be used; the message says what to do. */
export class LogKeyError extends Error {
  override readonly name = "LogKeyError";
}

/**
 * Loads the key of this installation, `log.key` in the data directory, and makes it if it is missing. Phone numbers are
 * few enough to hash them all: without the key a hash tells nothing, and hashes of two installations have nothing in
 * common. Rejects with LogKeyError.
 */
export async function loadUserKeyHash(dataDirectory: string): Promise<HashUserKey> {
  const text = await readOrCreateSecret(dataDirectory, "log.key", {
    create: async () => `${randomBytes(32).toString("base64url")}\n`,
    errorOf: (message, cause) => new LogKeyError(message, { cause }),
  });
  const key = text.trim();
  if (Buffer.from(key, "base64url").length !== 32) {
    throw new LogKeyError(
      `${dataDirectory}/log.key is no key of 32 bytes. Restore it from a backup, or remove it to make a new one: ` +
        "hashes in older logs then match no newer ones.",
    );
  }
  // 96 bits: as good as unique among all the subscribers of the world, and too few to go on from, which is what HMAC
  // would guard against at six times the cost.
  return (userKey) => hash("sha256", `${key} ${userKey}`, "base64url").slice(0, 16);
}
