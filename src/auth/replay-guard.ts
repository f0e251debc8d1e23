import { createHash } from "node:crypto";
import { mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../contract/clock.ts";

/** Remembers which assertions were used. */
export type ReplayGuard = {
  /**
   * Returns whether this `jti` of an account comes for the first time, and remembers it for longer than an assertion
   * can last. True once only, also when several servers of a data directory are asked at once, and after a restart.
   */
  isFirst(account: string, jti: string): Promise<boolean>;
};

/** How long a `jti` is remembered, in ms: an assertion lasts an hour, and may be of a clock that is a minute ahead. */
const rememberedMs = 2 * 3_600_000;
/** Time between two looks for what may be forgotten, in ms. */
const forgetEveryMs = 60_000;

/**
 * Creates a guard that keeps an empty file for each assertion in `used-assertions/` of the data directory, named by a
 * digest: of all who come with the same one, the file system lets a single one create it.
 */
export function createReplayGuard(dataDirectory: string, clock: Clock): ReplayGuard {
  const directory = join(dataDirectory, "used-assertions");
  let forgetAt = 0;

  async function forget(before: number): Promise<void> {
    for (const name of await readdir(directory)) {
      const path = join(directory, name);
      const used = await stat(path).catch(() => undefined);
      if (used !== undefined && used.mtimeMs < before) {
        await rm(path, { force: true });
      }
    }
  }

  return {
    async isFirst(account, jti) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const now = clock.now();
      if (now >= forgetAt) {
        forgetAt = now + forgetEveryMs;
        await forget(now - rememberedMs);
      }
      const digest = createHash("sha256")
        .update(JSON.stringify([account, jti]))
        .digest("hex");
      try {
        const file = await open(join(directory, digest), "wx", 0o600);
        await file.utimes(now / 1000, now / 1000);
        await file.close();
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
