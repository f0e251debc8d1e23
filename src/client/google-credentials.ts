import { readFile } from "node:fs/promises";
import type { AuthClient, JWT } from "google-auth-library";
import { googleTokenUri } from "../auth/audience.ts";
import { pushScope } from "../auth/scopes.ts";
import { isConfidential } from "../contract/loopback.ts";
import type { TokenRequest } from "./token-source.ts";

/** The key file of a service account, as Google or `mdps service-account create` writes it. */
export type ServiceAccountKeyFile = {
  readonly type: "service_account";
  readonly client_email: string;
  readonly private_key: string;
  readonly private_key_id?: string;
  /** URL of the token endpoint. Defaults to Google's. */
  readonly token_uri?: string;
};

export type GoogleCredentialsOptions = {
  /** OAuth scopes. Defaults to the scope for pushing. */
  scopes?: readonly string[];
};

/**
 * Returns a token source for `createPlanSharingClient`, based on Google's library `google-auth-library`, which must be
 * installed beside this package. Tokens are cached, shared by concurrent calls, and renewed some minutes before they
 * expire or when a server rejects them.
 *
 * ```ts
 * const token = googleCredentials("key.json"); // or googleCredentials() for Application Default Credentials
 * const client = createPlanSharingClient({ endpoint: "production", token });
 * ```
 *
 * `keyFile` is the path of a key file or its parsed content. Unlike the library, the source honours its `token_uri`.
 * Without `keyFile`, Application Default Credentials apply: the file in GOOGLE_APPLICATION_CREDENTIALS, else those of
 * gcloud or of the machine. The source rejects with TypeError for an invalid key file, and for a `token_uri` that would
 * carry the signed assertion in cleartext to another machine.
 */
export function googleCredentials(
  keyFile?: string | ServiceAccountKeyFile,
  { scopes = [pushScope] }: GoogleCredentialsOptions = {},
): (request?: TokenRequest) => Promise<string> {
  let client: Promise<AuthClient> | undefined;
  return async ({ refresh } = { refresh: false }) => {
    if (refresh) {
      // The library caches a token until it expires; only a new client requests another one earlier.
      client = undefined;
    }
    client ??= createClient(keyFile, [...scopes]).catch((error: unknown) => {
      // The next call loads the credentials again: the file may exist by then.
      client = undefined;
      throw error;
    });
    const { token } = await (await client).getAccessToken();
    if (!token) {
      throw new TypeError("google-auth-library returned no access token");
    }
    return token;
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
    throw new TypeError(
      `token_uri: ${tokenUri} must be an https URL; http is allowed for loopback addresses only`,
    );
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
    // The parser's message would quote the text, and with it the private key.
    const problem = cause instanceof SyntaxError ? "is not valid JSON" : "cannot be read";
    const code = (cause as NodeJS.ErrnoException).code;
    throw new TypeError(`the key file ${file} ${problem}${code === undefined ? "" : ` (${code})`}`);
  }
}

async function loadLibrary() {
  try {
    return await import("google-auth-library");
  } catch (cause) {
    throw new TypeError("googleCredentials requires a package: run npm install google-auth-library", {
      cause,
    });
  }
}
