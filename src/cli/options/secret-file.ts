import { PrivateFileError, readPrivateFile } from "../../contract/private-file.ts";
import { UsageError } from "../text/explain.ts";

/** Reads a private file. Rejects with UsageError, which names `setting`. */
export async function readSecretFile(setting: string, file: string): Promise<string> {
  try {
    return await readPrivateFile(file);
  } catch (error) {
    throw error instanceof PrivateFileError ? new UsageError(`${setting}: ${error.message}`) : error;
  }
}
