import { PrivateFileError, readPrivateFile } from "../../contract/private-file.ts";
import { UsageError } from "../usage-error.ts";

/** Reads a private file. Rejects with UsageError, which names `setting`. */
export async function readSecretFile(setting: string, file: string): Promise<string> {
  try {
    return await readPrivateFile(file);
  } catch (error) {
    throw error instanceof PrivateFileError ? new UsageError(`${setting}: ${error.message}`) : error;
  }
}
