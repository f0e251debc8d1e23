import { readFile } from "node:fs/promises";
import type { AuthClient, JWT } from "google-auth-library";
import { pushScope } from "../auth/scopes.ts";
import { isConfidential } from "../contract/loopback.ts";
import type { TokenRequest } from "./token-source.ts";

/** A key file of a service account, as Google or `mdps service-account create` writes it. */
export type ServiceAccountKeyFile = {
  readonly type: "service_account";
  readonly client_email: string;
  readonly private_key: string;
  readonly private_key_id?: string;
  /** Where access tokens are got. Defaults to Google's. */
  readonly token_uri?: string;
};

export type GoogleCredentialsOptions = {
  /** Defaults to the scope for pushing. */
  scopes?: readonly string[];
};

const googleTokenUri = "https://oauth2.googleapis.com/token";

/**
 * Returns a source of access tokens for `createPlanSharingClient`, by Google's own library (`google-auth-library`, which
 * must be installed beside this package). Tokens are kept, fetched anew some minutes before they expire or when a
 * server refuses them, and once for all calls that wait.
 *
 * `keyFile` is the path of a key file, or its parsed content. Without it the environment decides, as Application Default
 * Credentials do: the file that GOOGLE_APPLICATION_CREDENTIALS names, else those of gcloud or of the machine.
 *
 * A key file's `token_uri` is honoured, which the library alone does not do. The source rejects with TypeError if it
 * would send a signed assertion in cleartext to another machine, or if the file is none.
 */
export function googleCredentials(
  keyFile?: string | ServiceAccountKeyFile,
  { scopes = [pushScope] }: GoogleCredentialsOptions = {},
): (request?: TokenRequest) => Promise<string> {
  let client: Promise<AuthClient> | undefined;
  return async ({ refresh } = { refresh: false }) => {
    if (refresh) {
      // The library keeps a token until it expires; only a new client of it asks for another one before.
      client = undefined;
    }
    client ??= createClient(keyFile, [...scopes]);
    try {
      const { token } = await (await client).getAccessToken();
      if (!token) {
        throw new TypeError("the credentials gave no access token");
      }
      return token;
    } catch (error) {
      // What could not be loaded is tried again by the next call: the file may be there by then.
      if (
        await client.then(
          () => false,
          () => true,
        )
      ) {
        client = undefined;
      }
      throw error;
    }
  };
}

async function createClient(keyFile: string | ServiceAccountKeyFile | undefined, scopes: string[]) {
  const { GoogleAuth } = await loadLibrary();
  const source = keyFile ?? process.env.GOOGLE_APPLICATION_CREDENTIALS;
  if (source === undefined || source === "") {
    return new GoogleAuth({ scopes }).getClient();
  }
  const credentials = typeof source === "string" ? await readKeyFile(source) : source;
  return credentials.type === "service_account"
    ? createJwtClient(credentials, scopes)
    : new GoogleAuth({ credentials, scopes }).getClient();
}

async function createJwtClient(key: ServiceAccountKeyFile, scopes: string[]): Promise<JWT> {
  const { gaxios, JWT } = await loadLibrary();
  for (const member of ["client_email", "private_key"] as const) {
    if (!key[member]) {
      throw new TypeError(`the key file has no ${member}`);
    }
  }
  const tokenUri = new URL(key.token_uri ?? googleTokenUri);
  if (!isConfidential(tokenUri)) {
    throw new TypeError(`token_uri: ${tokenUri} must be an https URL; http is for this machine alone`);
  }
  const transporter = new gaxios.Gaxios();
  transporter.interceptors.request.add({
    async resolved(request) {
      if (String(request.url) === googleTokenUri) {
        request.url = tokenUri;
      }
      return request;
    },
  });
  return new JWT({
    email: key.client_email,
    key: key.private_key,
    scopes,
    transporter,
    additionalClaims: { aud: tokenUri.href },
    ...(key.private_key_id && { keyId: key.private_key_id }),
  });
}

async function readKeyFile(file: string): Promise<ServiceAccountKeyFile> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as ServiceAccountKeyFile;
  } catch (cause) {
    // Not the parser's own words: they quote the text, and with it the key.
    const fault = cause instanceof SyntaxError ? "is no JSON" : "cannot be read";
    const code = (cause as NodeJS.ErrnoException).code;
    throw new TypeError(`the key file ${file} ${fault}${code === undefined ? "" : ` (${code})`}`);
  }
}

async function loadLibrary() {
  try {
    return await import("google-auth-library");
  } catch (cause) {
    throw new TypeError("googleCredentials needs the package google-auth-library: npm install it", { cause });
  }
}
