import type { KeyObject } from "node:crypto";
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from "jose";
import type { Clock } from "../contract/clock.ts";
import type { ServiceAccount } from "./accounts/list-file.ts";
import type { FindServiceAccount } from "./accounts/lookup.ts";
import { isCanonicalJwt } from "./jwt-form.ts";
import { invalidClaim, rejectionFor } from "./providers/jwt-errors.ts";
import type { Rejected } from "./verified-token.ts";

/** A JWT that a service account signed with one of its keys. */
type AccountJwt = {
  readonly account: ServiceAccount;
  readonly keyId: string;
  readonly payload: JWTPayload;
};

/** How far the clock of the signer may be ahead, in seconds. */
const skewSeconds = 60;
/** Maximum lifetime of such a JWT, in seconds: the same as at Google. */
const maxLifetimeSeconds = 3600;

/**
 * Verifies a JWT that a service account signed: the algorithm is RS256, `iss` and an optional `sub` are the email of the
 * account, and `exp` is at most an hour after `iat`. `problemOf` checks the other claims and returns what is wrong.
 * Rejects with CREDENTIALS_UNVERIFIABLE if the accounts cannot be read now.
 */
export async function verifyAccountJwt(
  token: string,
  find: FindServiceAccount,
  clock: Clock,
  problemOf: (claims: JWTPayload) => string | undefined,
): Promise<AccountJwt | Rejected> {
  const nowMs = clock.now();
  if (!isCanonicalJwt(token)) {
    return { rejected: "the access token is malformed" };
  }
  try {
    const { kid } = decodeProtectedHeader(token);
    const claims = decodeJwt(token);
    const account = claims.iss === undefined ? undefined : find(claims.iss);
    // Google's libraries omit `kid` in assertions: try each key of the account.
    const keys = account?.keys.filter(({ keyId }) => kid === undefined || kid === keyId) ?? [];
    // Before the signature, which costs more: anyone can send claims.
    const problem = keys.length === 0 ? undefined : (problemOfClaims(claims, nowMs) ?? problemOf(claims));
    if (problem !== undefined) {
      return { rejected: problem };
    }
    for (const { keyId, publicKey } of keys) {
      const payload = await payloadSignedBy(publicKey, token, nowMs);
      if (account !== undefined && payload !== undefined) {
        return { account, keyId, payload };
      }
    }
    return { rejected: "the access token is not signed by a service account of this server" };
  } catch (error) {
    return rejectionFor(error);
  }
}

/** Returns the payload, or undefined if another key signed it. */
async function payloadSignedBy(key: KeyObject, token: string, nowMs: number) {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ["RS256"],
      currentDate: new Date(nowMs),
      clockTolerance: skewSeconds,
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) {
      return undefined;
    }
    throw error;
  }
}

function problemOfClaims({ iss, sub, iat, exp }: JWTPayload, nowMs: number): string | undefined {
  if (typeof iat !== "number" || typeof exp !== "number") {
    return invalidClaim(typeof iat === "number" ? "exp" : "iat");
  }
  if (sub !== undefined && sub !== iss) {
    return "sub must equal iss: acting for another account is not supported";
  }
  if (exp * 1000 <= nowMs) {
    return "the access token has expired: fetch a new one";
  }
  if ((iat - skewSeconds) * 1000 > nowMs) {
    return "the access token is not valid yet: iat is in the future";
  }
  return exp - iat > maxLifetimeSeconds || exp < iat
    ? `exp must be at most ${maxLifetimeSeconds} s after iat`
    : undefined;
}
