import { randomUUID } from "node:crypto";
import { errors, jwtVerify, SignJWT } from "jose";
import type { Clock } from "../contract/clock.ts";
import type { Principal } from "./principal.ts";
import type { SigningKey } from "./signing-key.ts";

/** `iss` and `aud` of the tokens that a server makes for itself. */
const issuer = "mobile-data-plan-sharing";
const tokenType = "at+jwt";

/** How long an access token lasts unless said otherwise, in seconds: as long as Google's. */
export const defaultTokenSeconds = 3600;

export type AccessTokenInit = {
  account: string;
  asns: readonly number[];
  scopes: readonly string[];
  /** How long it lasts, in seconds. */
  lifetimeSeconds: number;
};

/** Makes an access token, a JWT (RFC 9068) that this installation's servers accept. */
export async function signAccessToken(key: SigningKey, init: AccessTokenInit, clock: Clock): Promise<string> {
  const now = Math.floor(clock.now() / 1000);
  return new SignJWT({ scope: init.scopes.join(" "), asns: [...init.asns] })
    .setProtectedHeader({ alg: key.algorithm, kid: key.keyId, typ: tokenType })
    .setIssuer(issuer)
    .setAudience(issuer)
    .setSubject(init.account)
    .setJti(randomUUID())
    .setIssuedAt(now)
    .setExpirationTime(now + init.lifetimeSeconds)
    .sign(key.privateKey);
}

/** Returns who a token speaks for, or why it is refused, in words that tell nothing secret. */
export type VerifyToken = (token: string) => Promise<Principal | { readonly refused: string }>;

type Verified = { readonly principal: Principal; readonly expiresAtMs: number };

/** Verified tokens kept in memory. A pusher uses one token for an hour; its signature is checked once. */
const mostKept = 10_000;

/** Creates the verification of signature, issuer, audience, type and life of a token. */
export function createTokenVerifier(key: SigningKey, clock: Clock): VerifyToken {
  const kept = new Map<string, Verified>();
  return async (token) => {
    const known = kept.get(token);
    if (known !== undefined) {
      if (clock.now() < known.expiresAtMs) {
        return known.principal;
      }
      kept.delete(token);
    }
    const verified = await verify(token, key, clock);
    if ("refused" in verified) {
      return verified;
    }
    if (kept.size >= mostKept) {
      // Maps keep the order of insertion: the first is the oldest.
      kept.delete(kept.keys().next().value as string);
    }
    kept.set(token, verified);
    return verified.principal;
  };
}

async function verify(token: string, key: SigningKey, clock: Clock): Promise<Verified | { refused: string }> {
  try {
    const { payload } = await jwtVerify(token, key.publicKey, {
      algorithms: [key.algorithm],
      issuer,
      audience: issuer,
      typ: tokenType,
      currentDate: new Date(clock.now()),
      requiredClaims: ["exp", "sub"],
    });
    const asns = Array.isArray(payload.asns) ? payload.asns.filter(Number.isInteger) : [];
    const scopes = typeof payload.scope === "string" ? payload.scope.split(" ") : [];
    return {
      principal: { account: String(payload.sub), asns: new Set(asns), scopes: new Set(scopes) },
      expiresAtMs: Number(payload.exp) * 1000,
    };
  } catch (error) {
    return { refused: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) {
    return "the access token has expired";
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    return `the access token is not valid here: ${error.claim}`;
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return "the access token is signed by another issuer";
  }
  return "the access token is malformed";
}
