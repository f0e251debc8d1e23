import type { AuthClient, GoogleAuth } from "google-auth-library";
import { googleTokenUri } from "../../auth/audience.ts";
import { pushScope } from "../../auth/scopes.ts";
import { requireCertificates } from "../../network/certificates.ts";
import type { TokenRequest } from "../token-source.ts";
import { checkKeyFile, readKeyFile, type ServiceAccountKeyFile } from "./key-file.ts";
import { createTokenFetch, throwTokenError, useFetch } from "./token-fetch.ts";

export type GoogleCredentialsOptions = {
  /** OAuth scopes. Defaults to the scope for pushing. */
  scopes?: readonly string[];
  /** PEM certificates to trust instead of the well-known ones, for a token endpoint with a private certificate authority. */
  ca?: string;
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
 * gcloud or of the machine.
 *
 * The source rejects with TypeError for a key file that cannot work, whose message names the mistake; for a `token_uri`
 * that would carry the signed assertion in cleartext to another machine; and for a token endpoint that redirects, because
 * the assertion is sent nowhere else. An answer that is not one of a token endpoint, such as the page of a proxy, is an
 * error that names its status and first words. It uses the proxy that the environment names, as the client does.
 */
export function googleCredentials(
  keyFile?: string | ServiceAccountKeyFile,
  { scopes = [pushScope], ca }: GoogleCredentialsOptions = {},
): (request?: TokenRequest) => Promise<string> {
  if (ca !== undefined) {
    requireCertificates(ca, "ca");
  }
  let client: Promise<AuthClient> | undefined;
  return async ({ refresh } = { refresh: false }) => {
    if (refresh) {
      // The library caches a token until it expires; only a new client requests another one earlier.
      client = undefined;
    }
    client ??= createClient(keyFile, [...scopes], ca).catch((error: unknown) => {
      // The next call loads the credentials again: the file may exist by then.
      client = undefined;
      throw error;
    });
    const { token } = await (await client).getAccessToken().catch(throwTokenError);
    if (!token) {
      throw new TypeError("google-auth-library returned no access token");
    }
    return token;
  };
}

async function createClient(
  keyFile: string | ServiceAccountKeyFile | undefined,
  scopes: string[],
  ca: string | undefined,
): Promise<AuthClient> {
  const { gaxios, GoogleAuth, JWT } = await loadLibrary();
  const fetchImplementation = createTokenFetch(ca);
  const created = async (auth: GoogleAuth<AuthClient>) => {
    const client = await auth.getClient();
    useFetch(client, fetchImplementation);
    return client;
  };
  const source = keyFile || process.env.GOOGLE_APPLICATION_CREDENTIALS;
  if (source === undefined || source === "") {
    return created(new GoogleAuth({ scopes }));
  }
  const key = typeof source === "string" ? await readKeyFile(source) : checkKeyFile(source);
  if (key.type !== "service_account") {
    return created(new GoogleAuth({ credentials: key, scopes }));
  }
  const tokenUri = new URL(key.token_uri ?? googleTokenUri);
  const transporter = new gaxios.Gaxios({ fetchImplementation });
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

async function loadLibrary() {
  try {
    return await import("google-auth-library");
  } catch (cause) {
    throw new TypeError("googleCredentials requires a package: run npm install google-auth-library", {
      cause,
    });
  }
}
