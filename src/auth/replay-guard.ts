import { createHash } from "node:crypto";
import { access, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, systemClock } from "../contract/clock.ts";
import { makePrivateDirectories, openPrivateFile } from "../contract/file-owner.ts";
import { watchDirectory } from "../contract/watched-directory.ts";

/** Detects assertions that were used before. */
export type ReplayGuard = {
  /** Resolves with whether the `jti` of an account is recorded. */
  isUsed(account: string, jti: string): Promise<boolean>;
  /**
   * Records the `jti` of an account and resolves with whether it is new. Resolves with true only once, also across the
   * servers of a data directory and across restarts. Rejects with DirectoryChangedError after the directory of the guard
   * was removed or replaced, because its entries are lost.
   */
  isFirst(account: string, jti: string): Promise<boolean>;
};

/**
 * How long a `jti` is stored, in ms. An assertion lasts an hour, and its clock may be a minute ahead. It is stored so long
 * by the clock of the machine too: the other one may be moved forward and back, and then the assertion is valid again.
 */
const storedMs = 2 * 3_600_000;
/** Minimum time between two removals of old entries, in ms. */
const cleanupIntervalMs = 60_000;

/**
 * Creates a guard that stores an empty file for each assertion in `used-assertions/` of the data directory. The file is
 * named by a digest of the assertion, and the file system lets only one caller create it. The folder is created now, so that
 * its removal is noticed from the first call on. `machine` is the clock of the file system.
 */
export function createReplayGuard(
  dataDirectory: string,
  clock: Clock,
  machine: Clock = systemClock,
): ReplayGuard {
  const directory = join(dataDirectory, "used-assertions");
  try {
    makePrivateDirectories(directory);
  } catch {
    // Servers whose clients do not use assertions may have a read-only data directory.
  }
  const requireUnchanged = watchDirectory(directory);
  let cleanedAt = Number.NEGATIVE_INFINITY;

  async function removeOld(now: number): Promise<void> {
    const before = now - storedMs;
    const createdBefore = machine.now() - storedMs;
    for (const name of await readdir(directory)) {
      const path = join(directory, name);
      const used = await stat(path).catch(() => undefined);
      if (used !== undefined && used.mtimeMs < before && used.ctimeMs < createdBefore) {
        await rm(path, { force: true });
      }
    }
  }

  function pathOf(account: string, jti: string): string {
    const digest = createHash("sha256")
      .update(JSON.stringify([account, jti]))
      .digest("hex");
    return join(directory, digest);
  }

  return {
    isUsed: (account, jti) =>
      access(pathOf(account, jti)).then(
        () => true,
        () => false,
      ),

    async isFirst(account, jti) {
      requireUnchanged();
      const now = clock.now();
      if (Math.abs(now - cleanedAt) >= cleanupIntervalMs) {
        cleanedAt = now;
        await removeOld(now);
      }
      const path = pathOf(account, jti);
      try {
        const file = await openPrivateFile(path, "wx");
        await file.utimes(now / 1000, now / 1000).finally(() => file.close());
        // Also after, in case that the new entry is in another directory.
        requireUnchanged();
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EEXIST") {
          return false;
        }
        throw error;
      }
    },
  };
}
