import { resolve } from "node:path";
import { requireGoogleKey } from "../../client/credentials/key-file.ts";
import { endpointOf } from "../../client/endpoint.ts";
import { googleCredentials } from "../../client/index.ts";
import { proxyFor } from "../../network/proxy.ts";
import type { RunSettings } from "../../push/run/run-directory.ts";
import { type AccessTokens, fixedToken, renewableTokens } from "../../push/send/access-tokens.ts";
import { UsageError } from "../usage-error.ts";
import { chosenCredentials, noCredentials, type ServerCredentials } from "./credential-options.ts";
import { readCertificates, readKey } from "./option-files.ts";

/** What a push needs to reach its endpoint. */
export type PushAccess = { readonly tokens: AccessTokens; readonly ca: string | undefined };

/**
 * Reads what the settings of a run and the flags name: certificates and a key file, or a token. Rejects with UsageError if
 * nothing could be sent with them, or if the environment names no proxy where it should.
 */
export async function accessOf(
  settings: Pick<RunSettings, "endpoint" | "credentials" | "ca">,
  flags: ServerCredentials,
  isGiven: (name: string) => boolean,
): Promise<PushAccess> {
  const endpoint = endpointOf(settings.endpoint);
  asUsage(() => proxyFor(new URL(endpoint.url)));
  const ca = await readCertificates(settings.ca);
  const { credentials, token } = chosenCredentials(flags, isGiven) ?? {};
  if (token !== undefined) {
    return { tokens: fixedToken(token), ca };
  }
  const keyFile = credentials === undefined ? settings.credentials : resolve(credentials);
  if (keyFile === undefined) {
    throw new UsageError(noCredentials);
  }
  const key = await readKey(keyFile);
  if (endpoint.google) {
    asUsage(() => requireGoogleKey(key, `--credentials: the key file ${keyFile}`));
  }
  // The file, which may be replaced during a long run.
  return { tokens: renewableTokens(() => googleCredentials(keyFile, ca === undefined ? {} : { ca })), ca };
}

function asUsage(check: () => unknown): void {
  try {
    check();
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error;
  }
}
