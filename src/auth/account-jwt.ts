import { ConnectError } from "@connectrpc/connect";
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from "jose";
import type { Clock } from "../contract/clock.ts";
import type { ServiceAccount } from "./accounts/list-file.ts";
import type { FindServiceAccount } from "./accounts/lookup.ts";
import { faultOfJwt } from "./providers/jwt-faults.ts";
import type { Refused } from "./verified-token.ts";

/** A JWT that a service account signed with one of its keys. */
export type AccountJwt = {
  readonly account: ServiceAccount;
  readonly keyId: string;
  readonly payload: JWTPayload;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
};

/** How far ahead the clock of a signer may be, in seconds. */
const skewSeconds = 60;
/** How long such a JWT may last, in seconds: as long as at Google. */
const mostSeconds = 3600;

/**
 * Verifies a JWT that a service account signed: RS256, `iss` the account and `sub`, if there is one, as well; `iat` and
 * `exp` at most an hour apart. Whom it is for (`aud`) and what (`scope`) is left to the caller. Rejects with
 * CREDENTIALS_UNVERIFIABLE if the accounts cannot be read now.
 */
export async function verifyAccountJwt(
  token: string,
  find: FindServiceAccount,
  clock: Clock,
): Promise<AccountJwt | Refused> {
  const nowMs = clock.now();
  try {
    const { kid } = decodeProtectedHeader(token);
    const { iss } = decodeJwt(token);
    const account = iss === undefined ? undefined : find(iss);
    // Google's own libraries leave the key out of assertions; then each of the account's is tried.
    const keys = account?.keys.filter(({ keyId }) => kid === undefined || kid === keyId) ?? [];
    for (const { keyId, publicKey } of keys) {
      const payload = await verifiedBy(publicKey, token, nowMs);
      if (account !== undefined && payload !== undefined) {
        const fault = faultOfClaims(payload, nowMs);
        const expiresAt = Number(payload.exp);
        return fault === undefined ? { account, keyId, payload, expiresAt } : { refused: fault };
      }
    }
    return { refused: "it is not signed by a service account of this server" };
  } catch (error) {
    if (error instanceof ConnectError) {
      throw error;
    }
    return { refused: faultOfJwt(error) };
  }
}

/** Returns the payload, or undefined if another key signed it. */
async function verifiedBy(key: Parameters<typeof jwtVerify>[1], token: string, nowMs: number) {
  try {
    const { payload } = await jwtVerify(token, key as never, {
      algorithms: ["RS256"],
      currentDate: new Date(nowMs),
      clockTolerance: skewSeconds,
      requiredClaims: ["iss", "iat", "exp"],
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) {
      return undefined;
    }
    throw error;
  }
}

function faultOfClaims({ iss, sub, iat = 0, exp = 0 }: JWTPayload, nowMs: number): string | undefined {
  if (sub !== undefined && sub !== iss) {
    return "sub must be the account that signed: acting for others is not supported";
  }
  if (exp * 1000 <= nowMs) {
    return "the access token has expired";
  }
  if ((iat - skewSeconds) * 1000 > nowMs) {
    return "the access token is not valid yet: iat is in the future";
  }
  return exp - iat > mostSeconds || exp < iat ? `exp must be at most ${mostSeconds} s after iat` : undefined;
}
