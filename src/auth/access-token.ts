import { randomUUID } from "node:crypto";
import { type JWTPayload, jwtVerify, SignJWT } from "jose";
import type { Clock } from "../contract/clock.ts";
import type { FindServiceAccount } from "./accounts/lookup.ts";
import type { Principal } from "./principal.ts";
import { faultOfJwt } from "./providers/jwt-faults.ts";
import type { SigningKey } from "./signing-key.ts";
import type { Refused, TokenSource } from "./verified-token.ts";

/** `iss` and `aud` of the tokens that a server makes for itself. */
export const ownIssuer = "mobile-data-plan-sharing";
const tokenType = "at+jwt";

/** How long an access token lasts unless said otherwise, in seconds: as long as Google's. */
export const defaultTokenSeconds = 3600;

export type AccessTokenInit = {
  account: string;
  /** Operators that it is for, whatever a list of accounts says: for `mdps token`, whose caller has the signing key. */
  asns?: readonly number[];
  /** Key of the service account that asked for it; its removal ends the token. */
  accountKeyId?: string;
  scopes: readonly string[];
  /** How long it lasts, in seconds. */
  lifetimeSeconds: number;
};

/** Makes an access token, a JWT (RFC 9068) that this installation's servers accept. */
export async function signAccessToken(key: SigningKey, init: AccessTokenInit, clock: Clock): Promise<string> {
  const now = Math.floor(clock.now() / 1000);
  return new SignJWT({
    scope: init.scopes.join(" "),
    ...(init.asns && { asns: [...init.asns] }),
    ...(init.accountKeyId && { account_key: init.accountKeyId }),
  })
    .setProtectedHeader({ alg: key.algorithm, kid: key.keyId, typ: tokenType })
    .setIssuer(ownIssuer)
    .setAudience(ownIssuer)
    .setSubject(init.account)
    .setJti(randomUUID())
    .setIssuedAt(now)
    .setExpirationTime(now + init.lifetimeSeconds)
    .sign(key.privateKey);
}

export type OwnTokenOptions = { key: SigningKey; clock: Clock; findServiceAccount: FindServiceAccount };

/**
 * Verifies the tokens that `signAccessToken` made: signature, issuer, audience, type and life. What a service account
 * may do is looked up at each call, so that `revoke` and `unlink` end tokens that are under way.
 */
export function createOwnTokens({ key, clock, findServiceAccount }: OwnTokenOptions): TokenSource {
  return {
    async verify(token) {
      try {
        const { payload } = await jwtVerify(token, key.publicKey, {
          algorithms: [key.algorithm],
          issuer: ownIssuer,
          audience: ownIssuer,
          typ: tokenType,
          currentDate: new Date(clock.now()),
          requiredClaims: ["exp", "sub"],
        });
        const claimed = claimedBy(payload);
        const { account_key: keyId } = payload;
        return {
          keepUntilMs: Number(payload.exp) * 1000,
          principal: () =>
            typeof keyId === "string" ? restricted(claimed, keyId, findServiceAccount) : claimed,
        };
      } catch (error) {
        return { refused: faultOfJwt(error) };
      }
    },
  };
}

function claimedBy({ sub, asns, scope }: JWTPayload): Principal {
  return {
    account: String(sub),
    asns: new Set(Array.isArray(asns) ? asns.filter(Number.isInteger) : []),
    scopes: new Set(typeof scope === "string" ? scope.split(" ") : []),
  };
}

function restricted(claimed: Principal, keyId: string, find: FindServiceAccount): Principal | Refused {
  const account = find(claimed.account);
  if (account?.keys.some((key) => key.keyId === keyId) !== true) {
    return { refused: "the service account of the access token was revoked" };
  }
  return {
    account: claimed.account,
    asns: account.asns,
    scopes: claimed.scopes.intersection(account.scopes),
  };
}
