import { createPrivateKey, generateKeyPairSync, randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { SignJWT } from "jose";
import { ServiceAccountSchema } from "../../../gen/mobiledataplansharing/config/v1/service_accounts_pb.ts";
import { createServiceAccount, emailOf, type KeyFile } from "../../../src/auth/accounts/administration.ts";
import { changeServiceAccounts } from "../../../src/auth/accounts/list-file.ts";
import { pushScope } from "../../../src/auth/scopes.ts";
import { type Clock, systemClock } from "../../../src/contract/clock.ts";
import type { TestServer } from "../test-server.ts";

export type AccountInit = {
  name?: string;
  asns?: readonly number[];
  scopes?: readonly string[];
  universeDomain?: string;
};

let accounts = 0;

/**
 * Adds an account with one key to the list of a data directory, linked to operator 65001 and allowed to push. Returns
 * the ID of the key: an EC key, which is created faster than an RSA key. The private key is discarded.
 */
export function addAccount(directory: string, email: string): Promise<string> {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const keyId = randomUUID();
  const account = create(ServiceAccountSchema, {
    email,
    uniqueId: "100000000000000000000",
    asns: [65001],
    scopes: [pushScope],
    keys: [{ keyId, publicKey: publicKey.export({ type: "spki", format: "pem" }).toString() }],
  });
  return changeServiceAccounts(directory, (list) => {
    list.accounts.push(account);
    return keyId;
  });
}

/** Creates an account of a server and returns its key file. By default it is linked to operator 65001 and may push. */
export function makeAccount(
  server: Pick<TestServer, "directory" | "url">,
  init: AccountInit = {},
): Promise<KeyFile> {
  accounts += 1;
  const { name = `account-${accounts}`, asns = [65001], scopes = [pushScope] } = init;
  const account = { email: emailOf(name), asns, scopes };
  const universeDomain = init.universeDomain ?? "googleapis.com";
  return createServiceAccount(server.directory, account, { url: server.url, universeDomain }, systemClock);
}

/** Signs an assertion with a key file. It is valid at the server's time except for the given changes. */
export function signAssertion(
  server: { readonly clock: Clock },
  key: KeyFile,
  claims: Readonly<Record<string, unknown>> = {},
  header: object = {},
): Promise<string> {
  const iat = Math.floor(server.clock.now() / 1000);
  const payload = {
    iss: key.client_email,
    aud: key.token_uri,
    scope: pushScope,
    iat,
    exp: iat + 3600,
    ...claims,
  };
  return new SignJWT(payload)
    .setProtectedHeader({ alg: "RS256", ...header })
    .sign(createPrivateKey(key.private_key));
}

/** The response of a token endpoint. */
export type TokenAnswer = {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
};

const grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** Requests a token from the token endpoint of a server. */
export async function requestToken(server: Pick<TestServer, "url">, assertion: string): Promise<TokenAnswer> {
  return postForm(server, new URLSearchParams({ grant_type: grantType, assertion }));
}

/** Sends a form to the token endpoint of a server. */
export async function postForm(server: Pick<TestServer, "url">, body: URLSearchParams): Promise<TokenAnswer> {
  const response = await fetch(`${server.url}/token`, { method: "POST", body });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}
