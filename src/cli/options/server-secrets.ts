import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import type { ResolvedConfig } from "../../config/resolve.ts";
import { whyUnreadable } from "../../contract/file-error.ts";
import { PrivateFileError, readPrivateFile } from "../../contract/private-file.ts";
import { UsageError } from "../usage-error.ts";

/** Reads and checks the certificate chain and private key of a server, if configured. Rejects with UsageError. */
export async function readTls(resolved: ResolvedConfig): Promise<{ cert: string; key: string } | undefined> {
  const { tlsCert, tlsKey } = resolved.config.listen ?? {};
  const certName = nameOf(resolved, "listen.tlsCert");
  const keyName = nameOf(resolved, "listen.tlsKey");
  if (tlsCert === undefined && tlsKey === undefined) {
    return undefined;
  }
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new UsageError(`${certName} and ${keyName} must be set together`);
  }
  const cert = await readCertificate(certName, tlsCert);
  const key = await readSecretFile(keyName, tlsKey);
  requireUsable({ cert }, `${certName}: ${tlsCert} is not a certificate in PEM`);
  requireUsable({ key }, `${keyName}: ${tlsKey} is not a private key in PEM, or is encrypted`);
  requireUsable({ cert, key }, `${keyName}: ${tlsKey} does not match the certificate in ${tlsCert}`);
  return { cert, key };
}

/** Reads the client secret for the introspection endpoint, if configured. Rejects with UsageError. */
export async function readIntrospectionSecret({ config }: ResolvedConfig): Promise<string | undefined> {
  const secret = config.auth?.introspection?.clientSecret;
  if (secret?.case === undefined) {
    return undefined;
  }
  if (secret.case === "clientSecretFile") {
    const text = await readSecretFile("auth.introspection.clientSecretFile", secret.value);
    return text.replace(/\r?\n$/, "");
  }
  const value = process.env[secret.value];
  if (!value) {
    throw new UsageError(`auth.introspection.clientSecretEnv: the variable ${secret.value} is not set`);
  }
  return value;
}

/** Returns the name of a setting in its source: a flag, a variable, or the file and the path. */
function nameOf({ values }: ResolvedConfig, path: string): string {
  const source = values.find(({ setting }) => setting.path === path)?.source;
  return source?.layer === "file" ? `${source.name}: ${path}` : (source?.name ?? path);
}

async function readCertificate(name: string, file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new UsageError(`${name}: ${file} ${whyUnreadable(error)}`);
  }
}

async function readSecretFile(name: string, file: string): Promise<string> {
  try {
    return await readPrivateFile(file);
  } catch (error) {
    throw error instanceof PrivateFileError ? new UsageError(`${name}: ${error.message}`) : error;
  }
}

function requireUsable(context: { cert?: string; key?: string }, message: string): void {
  try {
    createSecureContext(context);
  } catch {
    throw new UsageError(message);
  }
}
