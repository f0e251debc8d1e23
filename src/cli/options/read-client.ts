import { readFile } from "node:fs/promises";
import { readScope } from "../../auth/scopes.ts";
import {
  createPlanSharingClient,
  googleCredentials,
  type PlanSharingClient,
  type PlanSharingProtocol,
  type TokenSource,
} from "../../client/index.ts";
import { isLoopback } from "../../contract/loopback.ts";
import { makeToken } from "../make-token.ts";
import { UsageError } from "../usage-error.ts";
import { requireDirectory } from "./data-directory.ts";

/** Options of a command that reads from a server. */
export type ReadOptions = {
  operator: number;
  endpoint: string;
  protocol: PlanSharingProtocol;
  credentials?: string;
  token?: string;
  ca?: string;
  data?: string;
};

/**
 * Creates a client that may read. Without credentials, and for a server on this machine only, it creates a token with
 * the signing key of the data directory.
 */
export async function createReadClient(options: ReadOptions): Promise<PlanSharingClient> {
  const { endpoint, protocol } = options;
  const ca = options.ca === undefined ? undefined : await readFile(options.ca, "utf8");
  const token = await tokenOf(options);
  try {
    return createPlanSharingClient({ endpoint, protocol, token, ...(ca && { ca }) });
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(`--${error.message}`) : error;
  }
}

async function tokenOf(options: ReadOptions): Promise<string | TokenSource> {
  const { token, credentials, endpoint, data, operator } = options;
  if (token) {
    return token;
  }
  if (credentials) {
    return googleCredentials(credentials, { scopes: [readScope] });
  }
  if (URL.canParse(endpoint) && isLoopback(new URL(endpoint).hostname)) {
    return makeToken(requireDirectory(data), operator, true);
  }
  throw new UsageError("no credentials: pass --credentials FILE or --token, or set MDPS_READ_TOKEN");
}
