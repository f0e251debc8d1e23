import { createPrivateKey } from "node:crypto";
import { SignJWT } from "jose";
import { createServiceAccount, emailOf, type KeyFile } from "../../../src/auth/accounts/administration.ts";
import { pushScope } from "../../../src/auth/scopes.ts";
import { systemClock } from "../../../src/contract/clock.ts";
import type { TestServer } from "../test-server.ts";

export type AccountInit = {
  name?: string;
  asns?: readonly number[];
  scopes?: readonly string[];
  universeDomain?: string;
};

let accounts = 0;

/** Makes an account of a server, for operator 65001 and to push unless said otherwise, and returns its key file. */
export function makeAccount(server: TestServer, init: AccountInit = {}): Promise<KeyFile> {
  accounts += 1;
  const { name = `account-${accounts}`, asns = [65001], scopes = [pushScope] } = init;
  const account = { email: emailOf(name), asns, scopes };
  const universeDomain = init.universeDomain ?? "googleapis.com";
  return createServiceAccount(server.directory, account, { url: server.url, universeDomain }, systemClock);
}

/** Signs what a key file's owner could: an assertion that is right at the server's time, but for what is changed. */
export function signAssertion(
  server: TestServer,
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

/** What a token endpoint answered. */
export type TokenAnswer = {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
};

const grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** Asks a server's token endpoint for a token. */
export async function requestToken(server: TestServer, assertion: string): Promise<TokenAnswer> {
  return postForm(server, new URLSearchParams({ grant_type: grantType, assertion }));
}

/** Sends any form to a server's token endpoint. */
export async function postForm(server: TestServer, body: URLSearchParams): Promise<TokenAnswer> {
  const response = await fetch(`${server.url}/token`, { method: "POST", body });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}
