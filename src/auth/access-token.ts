import { randomUUID } from "node:crypto";
import { type JWTPayload, jwtVerify, SignJWT } from "jose";
import type { Clock } from "../contract/clock.ts";
import type { FindServiceAccount } from "./accounts/lookup.ts";
import type { Principal } from "./principal.ts";
import { describeJwtError } from "./providers/jwt-errors.ts";
import type { SigningKey } from "./signing-key.ts";
import type { Rejected, TokenSource } from "./verified-token.ts";

/** `iss` and `aud` of the tokens that the server signs itself. */
export const ownIssuer = "mobile-data-plan-sharing";
const tokenType = "at+jwt";

/** Default lifetime of an access token, in seconds: the same as at Google. */
export const defaultTokenSeconds = 3600;

/** Why the token of a revoked account or a removed key is rejected. */
export const accountRevoked = "the service account or key of the access token was revoked";

export type AccessTokenInit = {
  account: string;
  /** Operators that the token is valid for. Set by `mdps token` only: its caller has the signing key. */
  asns?: readonly number[];
  /** Key of the service account that requested the token. The token stops working when the key is removed. */
  accountKeyId?: string;
  scopes: readonly string[];
  lifetimeSeconds: number;
};

/** Signs an access token, a JWT (RFC 9068) that the servers of this installation accept. */
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
 * Verifies tokens of `signAccessToken`: signature, issuer, audience, type and lifetime. The service account is looked
 * up for each request, so that `revoke` and `unlink` apply to tokens already issued.
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
        const claimed = principalOf(payload);
        const { account_key: keyId } = payload;
        return {
          cacheUntilMs: Number(payload.exp) * 1000,
          principal: () =>
            typeof keyId === "string" ? restricted(claimed, keyId, findServiceAccount) : claimed,
        };
      } catch (error) {
        return { rejected: describeJwtError(error) };
      }
    },
  };
}

function principalOf({ sub, asns, scope }: JWTPayload): Principal {
  return {
    account: String(sub),
    asns: new Set(Array.isArray(asns) ? asns.filter(Number.isInteger) : []),
    scopes: new Set(typeof scope === "string" ? scope.split(" ") : []),
  };
}

/** Limits a principal to what the service account of its token may do now. */
function restricted(claimed: Principal, keyId: string, find: FindServiceAccount): Principal | Rejected {
  const account = find(claimed.account);
  if (account?.keys.some((key) => key.keyId === keyId) !== true) {
    return { rejected: accountRevoked };
  }
  return {
    account: claimed.account,
    asns: account.asns,
    scopes: claimed.scopes.intersection(account.scopes),
  };
}
