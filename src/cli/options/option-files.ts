import { readFile } from "node:fs/promises";
import { readKeyFile } from "../../client/credentials/key-file.ts";
import type { ServiceAccountKeyFile } from "../../client/index.ts";
import { whyUnreadable } from "../../contract/file-error.ts";
import { requireCertificates } from "../../network/certificates.ts";
import { UsageError } from "../usage-error.ts";

/** Name and description of the option with the certificates to trust. */
export const caOption = [
  "--ca <file>",
  "trusted certificates in PEM, instead of the well-known ones",
] as const;

/** Reads a file that an option names. Rejects with UsageError. */
export async function readOptionFile(option: string, file: string): Promise<string> {
  return readFile(file, "utf8").catch((error) => {
    throw new UsageError(`${option} ${file}: ${whyUnreadable(error)}`);
  });
}

/** Reads the certificates to trust. Rejects with UsageError. */
export async function readCertificates(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) {
    return undefined;
  }
  const pem = await readOptionFile("--ca", file);
  try {
    requireCertificates(pem, `--ca ${file}`);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  return pem;
}

/** Reads a key file and checks it. Rejects with UsageError for one that cannot work. */
export async function readKey(file: string): Promise<ServiceAccountKeyFile> {
  return readKeyFile(file).catch((error: Error) => {
    throw error instanceof TypeError ? new UsageError(`--credentials: ${error.message}`) : error;
  });
}
