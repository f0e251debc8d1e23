import { readFile, stat } from "node:fs/promises";
import { UsageError } from "./explain.ts";

/** Reads a file that only its owner may read. `what` names the setting. Raises UsageError. */
export async function readSecretFile(what: string, file: string): Promise<string> {
  try {
    const { mode } = await stat(file);
    // Windows has no such permission bits.
    if (process.platform !== "win32" && (mode & 0o077) !== 0) {
      throw new UsageError(`${what}: ${file} can be read by others than its owner. Run: chmod 600 ${file}`);
    }
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof UsageError) {
      throw error;
    }
    throw new UsageError(`${what}: ${file} cannot be read: ${(error as Error).message}`);
  }
}
