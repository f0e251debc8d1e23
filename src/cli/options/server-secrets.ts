import type { ResolvedConfig } from "../../config/resolve.ts";
import { UsageError } from "../usage-error.ts";
import { readSecretFile } from "./secret-file.ts";
import { readTlsFiles, type TlsTexts } from "./tls-files.ts";

/** Reads the certificate and key of a server, if configured. Rejects with UsageError. */
export function readTls(resolved: ResolvedConfig): Promise<TlsTexts | undefined> {
  const { tlsCert, tlsKey } = resolved.config.listen ?? {};
  return readTlsFiles(tlsCert, tlsKey, {
    cert: nameOf(resolved, "listen.tlsCert"),
    key: nameOf(resolved, "listen.tlsKey"),
  });
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
