import { createPrivateKey, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { googleTokenUri } from "../../auth/audience.ts";
import { whyUnreadable } from "../../contract/file-error.ts";
import { isConfidential } from "../../contract/loopback.ts";

/** The key file of a service account, as Google or `mdps service-account create` writes it. */
export type ServiceAccountKeyFile = {
  readonly type: "service_account";
  readonly client_email: string;
  readonly private_key: string;
  readonly private_key_id?: string;
  /** URL of the token endpoint. Defaults to Google's. */
  readonly token_uri?: string;
  readonly universe_domain?: string;
};

/** Other kinds of credentials that Google's library reads. */
const otherTypes = [
  "authorized_user",
  "external_account",
  "external_account_authorized_user",
  "impersonated_service_account",
  "gdch_service_account",
];

/**
 * Reads a file with credentials and checks it before anything is sent. Rejects with TypeError for one that cannot work.
 * The message names the mistake and never quotes the file, which has a private key.
 */
export async function readKeyFile(file: string): Promise<ServiceAccountKeyFile> {
  const name = `the key file ${file}`;
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw new TypeError(`${name} ${whyUnreadable(cause)}`);
  }
  if (text.trim() === "") {
    throw new TypeError(
      `${name} is empty: the command that should have written it has failed. Create or download the key again`,
    );
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // The parser's message would quote the text.
    throw new TypeError(
      /^\s*-----BEGIN /.test(text)
        ? `${name} is a bare key in PEM: pass the whole JSON file of the service account`
        : `${name} is not valid JSON`,
    );
  }
  return checkKeyFile(content, name);
}

/** Checks the content of a key file and returns it. Throws TypeError; `name` says in its message which file it is. */
export function checkKeyFile(content: unknown, name = "the key file"): ServiceAccountKeyFile {
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    const kind = Array.isArray(content) ? "a list" : "a single value";
    throw new TypeError(`${name} must be the JSON object of one key, not ${kind}`);
  }
  const key = content as Partial<Record<keyof ServiceAccountKeyFile, unknown>>;
  if ("installed" in key || "web" in key) {
    throw new TypeError(
      `${name} is that of an OAuth client, for people who sign in: use the key of a service account, ` +
        "which has the member private_key",
    );
  }
  if (otherTypes.includes(key.type as string)) {
    return content as ServiceAccountKeyFile;
  }
  if (key.type !== undefined && key.type !== "service_account") {
    throw new TypeError(`${name} has a type other than service_account: use the key of a service account`);
  }
  for (const member of ["client_email", "private_key"] as const) {
    if (typeof key[member] !== "string" || key[member] === "") {
      throw new TypeError(`${name} has no ${member}: it must be the whole key of a service account`);
    }
  }
  checkPrivateKey(key.private_key as string, name);
  checkTokenUri(key.token_uri, name);
  return { ...(content as ServiceAccountKeyFile), type: "service_account" };
}

function checkPrivateKey(pem: string, name: string): void {
  const problem = problemOfKey(pem);
  if (problem !== undefined) {
    throw new TypeError(`${name}: private_key ${problem}`);
  }
}

const writeAgain = "create or download the key again, and do not change the file";

function problemOfKey(pem: string): string | undefined {
  if (/BEGIN [^\n]*\\+[rn]/.test(pem)) {
    return "has the two characters \\n where line breaks must be, as an environment variable or a template leaves them: replace them by line breaks, or use the file as it was downloaded";
  }
  if (/^\s*-----BEGIN (?:RSA )?PUBLIC KEY/.test(pem)) {
    return `is a public key: ${writeAgain}`;
  }
  if (/^\s*-----BEGIN CERTIFICATE/.test(pem)) {
    return `is a certificate: ${writeAgain}`;
  }
  if (/BEGIN ENCRYPTED|Proc-Type:[^\n]*ENCRYPTED/.test(pem)) {
    return "is encrypted with a passphrase, which is not supported: use the file as it was downloaded";
  }
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    return `is not a private key in PEM: ${writeAgain}`;
  }
  return key.asymmetricKeyType === "rsa" ? undefined : "must be an RSA key, with which tokens are signed";
}

function checkTokenUri(tokenUri: unknown = googleTokenUri, name: string): void {
  const url = typeof tokenUri === "string" && URL.canParse(tokenUri) ? new URL(tokenUri) : undefined;
  if (url === undefined || !isConfidential(url)) {
    throw new TypeError(
      `${name}: token_uri: ${url ?? "the value"} must be an https URL; http is allowed for loopback addresses only`,
    );
  }
}

/**
 * Checks that Google's hosts can know a key. Throws TypeError for a key of another server: its assertion would be sent
 * there, and Google would reject its tokens.
 */
export function requireGoogleKey(key: ServiceAccountKeyFile, name: string): void {
  const { type, token_uri: tokenUri = googleTokenUri, universe_domain: universe = "googleapis.com" } = key;
  const { hostname } = new URL(tokenUri);
  // Old keys name accounts.google.com.
  const isGoogles = universe === "googleapis.com" && /(^|\.)google(apis)?\.com$/.test(hostname);
  if (type === "service_account" && !isGoogles) {
    const owner = universe === "googleapis.com" ? hostname : universe;
    throw new TypeError(
      `${name} is for ${owner}, but the endpoint is Google's: use the key that Google provided`,
    );
  }
}
