import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { UsageError } from "./explain.ts";
import { readSecretFile } from "./secret-file.ts";

/** Reads and checks a certificate chain and its private key, both PEM. Raises UsageError. */
export async function readTlsFiles(
  certFile: string | undefined,
  keyFile: string | undefined,
): Promise<{ cert: string; key: string } | undefined> {
  if (certFile === undefined && keyFile === undefined) {
    return undefined;
  }
  if (certFile === undefined || keyFile === undefined) {
    throw new UsageError("--tls-cert and --tls-key go together");
  }
  const cert = await readCertificate(certFile);
  const key = await readSecretFile("--tls-key", keyFile);
  requireUsable({ cert }, `--tls-cert: ${certFile} is no certificate in PEM`);
  requireUsable({ key }, `--tls-key: ${keyFile} is no private key in PEM, or needs a passphrase`);
  requireUsable({ cert, key }, `--tls-key: ${keyFile} is not the key of the certificate in ${certFile}`);
  return { cert, key };
}

async function readCertificate(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new UsageError(`--tls-cert: ${file} cannot be read: ${(error as Error).message}`);
  }
}

function requireUsable(context: { cert?: string; key?: string }, fault: string): void {
  try {
    createSecureContext(context);
  } catch {
    throw new UsageError(fault);
  }
}
