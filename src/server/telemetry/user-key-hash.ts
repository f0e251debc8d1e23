import { hash, randomBytes } from "node:crypto";
import { readOrCreateSecret } from "../../auth/secret-file.ts";

/** Returns a pseudonym for a user key: the same one for the same key, different in each installation. */
export type HashUserKey = (userKey: string) => string;

/** Raised when `log.key` cannot be used; the message says what to do. */
export class LogKeyError extends Error {
  override readonly name = "LogKeyError";
}

/**
 * Loads the key of this installation, `log.key` in the data directory, or creates it. There are few enough phone numbers
 * to hash them all: the key prevents that, and makes hashes of two installations unrelated. Rejects with LogKeyError.
 */
export async function loadUserKeyHash(dataDirectory: string): Promise<HashUserKey> {
  const text = await readOrCreateSecret(dataDirectory, "log.key", {
    create: async () => `${randomBytes(32).toString("base64url")}\n`,
    errorOf: (message, cause) => new LogKeyError(message, { cause }),
  });
  const key = text.trim();
  if (Buffer.from(key, "base64url").length !== 32) {
    throw new LogKeyError(
      `${dataDirectory}/log.key must be a key of 32 bytes. Restore it from a backup, or remove it to create a new one: ` +
        "hashes in older logs then no longer match newer ones.",
    );
  }
  // 96 bits are unique among all subscribers of the world. They are too few for a length extension, against which HMAC
  // would protect at six times the cost.
  return (userKey) => hash("sha256", `${key} ${userKey}`, "base64url").slice(0, 16);
}
