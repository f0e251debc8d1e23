import { readFile, stat } from "node:fs/promises";
import { isPrivateFile } from "../../contract/private-file.ts";
import { UsageError } from "../text/explain.ts";

/** Reads a file that is kept from others (`isPrivateFile`). `what` names the setting. Raises UsageError. */
export async function readSecretFile(what: string, file: string): Promise<string> {
  try {
    if (!isPrivateFile(await stat(file))) {
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
