import { createSecretKey } from "node:crypto";
import { importPKCS8, type JWTPayload, SignJWT } from "jose";
import type { KeyFile } from "../../../src/auth/accounts/administration.ts";
import type { Clock } from "../../../src/contract/clock.ts";

/** Seconds since the epoch on a server's clock, so many seconds from now; negative for before. */
export function secondsFromNow(clock: Clock, seconds = 0): number {
  return Math.floor(clock.now() / 1000) + seconds;
}

/** The same token with another header, and without the signature: what `alg: none` (RFC 7519 6) looks like. */
export function unsigned(token: string): string {
  const [header = "", payload] = token.split(".");
  const { kid, typ } = JSON.parse(Buffer.from(header, "base64url").toString()) as Record<string, unknown>;
  return `${encode({ alg: "none", typ, kid })}.${payload}.`;
}

/** The same claims, signed with a text as the secret: that of a public key, say, which everybody knows. */
export function signedWithSecret(token: string, secret: string): Promise<string> {
  const [header = "", payload = ""] = token
    .split(".")
    .map((part) => Buffer.from(part, "base64url").toString());
  const { kid, typ } = JSON.parse(header) as { kid?: string; typ?: string };
  return new SignJWT(JSON.parse(payload) as JWTPayload)
    .setProtectedHeader({ alg: "HS256", ...(kid && { kid }), ...(typ && { typ }) })
    .sign(createSecretKey(Buffer.from(secret)));
}

/** The same token with some claims changed, and the signature left as it was. */
export function withClaims(token: string, claims: JWTPayload): string {
  const [header, payload = "", signature] = token.split(".");
  const old = JSON.parse(Buffer.from(payload, "base64url").toString()) as JWTPayload;
  return `${header}.${encode({ ...old, ...claims })}.${signature}`;
}

/** Signs claims with the private key of a key file (RS256), by default for ten minutes. */
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
