import { readScope } from "../../auth/scopes.ts";
import {
  createPlanSharingClient,
  googleCredentials,
  type PlanSharingClient,
  type PlanSharingProtocol,
  type TokenSource,
} from "../../client/index.ts";
import { isLoopback } from "../../contract/loopback.ts";
import { shownText } from "../../network/server-text.ts";
import { makeToken } from "../make-token.ts";
import { UsageError } from "../usage-error.ts";
import { chosenCredentials, noCredentials, type ServerCredentials } from "./credential-options.ts";
import { isInstallation, requireDirectory } from "./data-directory.ts";
import { readCertificates, readKey } from "./option-files.ts";

/** Options of a command that reads from a server. */
export type ReadOptions = ServerCredentials & {
  operator: number;
  endpoint: string;
  protocol: PlanSharingProtocol;
  ca?: string;
  data?: string;
};

/** A client that may read. */
export type ReadClient = {
  readonly client: PlanSharingClient;
  /** Returns a text of the server as it may be written: escaped, and without the access token. */
  shown(text: string): string;
};

/**
 * Creates a client that may read. Without credentials, and for a server on this machine only, it creates a token with
 * the signing key of the data directory.
 */
export async function createReadClient(
  options: ReadOptions,
  isGiven: (name: string) => boolean,
): Promise<ReadClient> {
  const { endpoint, protocol } = options;
  const ca = await readCertificates(options.ca);
  const given = await tokenOf(options, isGiven, ca);
  let sent = "";
  const token: TokenSource = async (request) => {
    sent = typeof given === "string" ? given : await given(request).catch(throwShown);
    return sent;
  };
  try {
    const client = createPlanSharingClient({ endpoint, protocol, token, ...(ca && { ca }) });
    return { client, shown: (text) => shownText(text, sent) };
  } catch (error) {
    // About an option, or about the variable with the proxy.
    const option = /^[a-z]+:/.test((error as Error).message) ? "--" : "";
    throw error instanceof TypeError ? new UsageError(`${option}${error.message}`) : error;
  }
}

/** Throws why no access token can be fetched, which may have texts of the token endpoint. */
function throwShown(error: Error): never {
  throw new UsageError(`cannot fetch an access token: ${shownText(error.message)}`);
}

async function tokenOf(
  options: ReadOptions,
  isGiven: (name: string) => boolean,
  ca: string | undefined,
): Promise<string | ReturnType<typeof googleCredentials>> {
  const { endpoint, data, operator } = options;
  const { token, credentials } = chosenCredentials(options, isGiven) ?? {};
  if (token) {
    return token;
  }
  if (credentials) {
    return googleCredentials(await readKey(credentials), { scopes: [readScope], ...(ca && { ca }) });
  }
  if (URL.canParse(endpoint) && isLoopback(new URL(endpoint).hostname)) {
    const directory = requireDirectory(data);
    if (isInstallation(directory, ["signing-key.json"])) {
      return makeToken(directory, operator, "read");
    }
    throw new UsageError(
      `${noCredentials}, or pass the data directory of the server with --data: ${directory} has no signing key`,
    );
  }
  throw new UsageError(noCredentials);
}
