import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { UsageError } from "../usage-error.ts";
import { readSecretFile } from "./secret-file.ts";

/** A certificate chain and its private key, both PEM. */
export type TlsTexts = { readonly cert: string; readonly key: string };

/** Reads and checks a certificate chain and its private key. Rejects with UsageError, which uses `names`. */
export async function readTlsFiles(
  certFile: string | undefined,
  keyFile: string | undefined,
  names: TlsTexts = { cert: "--tls-cert", key: "--tls-key" },
): Promise<TlsTexts | undefined> {
  if (certFile === undefined && keyFile === undefined) {
    return undefined;
  }
  if (certFile === undefined || keyFile === undefined) {
    throw new UsageError(`${names.cert} and ${names.key} must be set together`);
  }
  const cert = await readCertificate(names.cert, certFile);
  const key = await readSecretFile(names.key, keyFile);
  requireUsable({ cert }, `${names.cert}: ${certFile} is not a certificate in PEM`);
  requireUsable({ key }, `${names.key}: ${keyFile} is not a private key in PEM, or is encrypted`);
  requireUsable({ cert, key }, `${names.key}: ${keyFile} does not match the certificate in ${certFile}`);
  return { cert, key };
}

async function readCertificate(name: string, file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new UsageError(`${name}: ${file} cannot be read: ${(error as Error).message}`);
  }
}

function requireUsable(context: { cert?: string; key?: string }, message: string): void {
  try {
    createSecureContext(context);
  } catch {
    throw new UsageError(message);
  }
}
