import type { ResolvedConfig } from "../../config/resolve.ts";
import { UsageError } from "../usage-error.ts";
import { readSecretFile } from "./secret-file.ts";
import { readTlsFiles, type TlsTexts } from "./tls-files.ts";

/** Reads certificate and key of the server, if it has them. Raises UsageError, which names the file and its setting. */
export function readTls(resolved: ResolvedConfig): Promise<TlsTexts | undefined> {
  const { tlsCert, tlsKey } = resolved.config.listen ?? {};
  return readTlsFiles(tlsCert, tlsKey, {
    cert: placeOf(resolved, "listen.tlsCert"),
    key: placeOf(resolved, "listen.tlsKey"),
  });
}

/** Reads what the server shows to the introspection endpoint, if it has one. Raises UsageError. */
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
    throw new UsageError(`auth.introspection.clientSecretEnv: the environment has no ${secret.value}`);
  }
  return value;
}

/** Names a setting as it was given: by flag, variable or file. */
function placeOf({ values }: ResolvedConfig, path: string): string {
  const source = values.find(({ setting }) => setting.path === path)?.source;
  return source?.layer === "file" ? `${source.name}: ${path}` : (source?.name ?? path);
}
