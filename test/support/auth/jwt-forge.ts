import { createSecretKey } from "node:crypto";
import { importPKCS8, type JWTPayload, SignJWT } from "jose";
import type { KeyFile } from "../../../src/auth/accounts/administration.ts";
import type { Clock } from "../../../src/contract/clock.ts";

/** Returns a time relative to a clock, in seconds since the epoch. */
export function secondsFromNow(clock: Clock, seconds = 0): number {
  return Math.floor(clock.now() / 1000) + seconds;
}

/** Returns the token with `alg: none` and without a signature (RFC 7519 6). */
export function unsigned(token: string): string {
  const [header = "", payload] = token.split(".");
  const { kid, typ } = JSON.parse(Buffer.from(header, "base64url").toString()) as Record<string, unknown>;
  return `${encode({ alg: "none", typ, kid })}.${payload}.`;
}

/** Returns the token signed by HS256 with a text as the secret, for example with a public key. */
export function signedWithSecret(token: string, secret: string): Promise<string> {
  const [header = "", payload = ""] = token
    .split(".")
    .map((part) => Buffer.from(part, "base64url").toString());
  const { kid, typ } = JSON.parse(header) as { kid?: string; typ?: string };
  return new SignJWT(JSON.parse(payload) as JWTPayload)
    .setProtectedHeader({ alg: "HS256", ...(kid && { kid }), ...(typ && { typ }) })
    .sign(createSecretKey(Buffer.from(secret)));
}

/** Returns the token with changed claims and the old signature. */
export function withClaims(token: string, claims: JWTPayload): string {
  const [header, payload = "", signature] = token.split(".");
  const old = JSON.parse(Buffer.from(payload, "base64url").toString()) as JWTPayload;
  return `${header}.${encode({ ...old, ...claims })}.${signature}`;
}

/** Signs claims with the private key of a key file (RS256). The token is valid for ten minutes by default. */
export async function signedByAccount(
  { client_email, private_key, private_key_id }: KeyFile,
  clock: Clock,
  claims: JWTPayload,
  kid: string | undefined = private_key_id,
): Promise<string> {
  const all = {
    iss: client_email,
    sub: client_email,
    iat: secondsFromNow(clock),
    exp: secondsFromNow(clock, 600),
    ...claims,
  };
  return new SignJWT(all)
    .setProtectedHeader({ alg: "RS256", typ: "JWT", ...(kid && { kid }) })
    .sign(await importPKCS8(private_key, "RS256"));
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
