import { randomUUID } from "node:crypto";
import { type JWTPayload, jwtVerify, SignJWT } from "jose";
import type { Clock } from "../contract/clock.ts";
import type { FindServiceAccount } from "./accounts/lookup.ts";
import type { Principal } from "./principal.ts";
import { rejectionFor } from "./providers/jwt-errors.ts";
import { scopeSet } from "./scopes.ts";
import type { SigningKey } from "./signing-key.ts";
import type { Rejected, Verifier } from "./verified-token.ts";

/** `iss` and `aud` of the tokens that the server signs itself. */
export const ownIssuer = "mobile-data-plan-sharing";
const tokenType = "at+jwt";

/** Default lifetime of an access token, in seconds: the same as at Google. */
export const defaultTokenSeconds = 3600;

export type AccessTokenInit = {
  account: string;
  /** Operators that the token is valid for. Only `mdps token` sets them: its caller has the signing key. */
  asns?: readonly number[];
  /** Key of the service account that requested the token. The token stops working when the key is removed. */
  accountKeyId?: string;
  scopes: readonly string[];
  /** Start of the lifetime, in seconds since the epoch. Defaults to now. */
  issuedAt?: number;
  lifetimeSeconds: number;
};

/** Signs an access token, a JWT (RFC 9068) that the servers of this installation accept. */
export async function signAccessToken(key: SigningKey, init: AccessTokenInit, clock: Clock): Promise<string> {
  const { issuedAt = Math.floor(clock.now() / 1000) } = init;
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
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + init.lifetimeSeconds)
    .sign(key.privateKey);
}

type OwnTokenOptions = { key: SigningKey; clock: Clock; findServiceAccount: FindServiceAccount };

/**
 * Creates the verifier of tokens of `signAccessToken`. The service account is looked up for each request, so that
 * `revoke` and `unlink` apply to tokens already issued.
 */
export function createOwnTokens({ key, clock, findServiceAccount }: OwnTokenOptions): Verifier {
  return async function verifyOwnToken(token) {
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
          typeof keyId === "string"
            ? currentPrincipal(findServiceAccount, claimed.account, keyId, claimed.scopes)
            : claimed,
      };
    } catch (error) {
      return rejectionFor(error);
    }
  };
}

function principalOf({ sub, asns, scope }: JWTPayload): Principal {
  return {
    account: String(sub),
    asns: new Set(Array.isArray(asns) ? asns.filter(Number.isInteger) : []),
    scopes: scopeSet(typeof scope === "string" ? scope.split(" ") : []),
  };
}

/** Returns what the key of a service account may do now. Without `scopes`, it may do all that the account may. */
export function currentPrincipal(
  find: FindServiceAccount,
  email: string,
  keyId: string,
  scopes?: ReadonlySet<string>,
): Principal | Rejected {
  const account = find(email);
  return account?.keys.some((key) => key.keyId === keyId)
    ? {
        account: email,
        asns: account.asns,
        scopes: scopes?.intersection(account.scopes) ?? account.scopes,
      }
    : { rejected: "the service account or key of the access token was revoked" };
}
