import type { Clock } from "../contract/clock.ts";
import { currentPrincipal } from "./access-token.ts";
import { verifyAccountJwt } from "./account-jwt.ts";
import type { FindServiceAccount } from "./accounts/lookup.ts";
import { isServiceAudience, type PublicUrls } from "./audience.ts";
import { invalidClaim } from "./providers/jwt-errors.ts";
import { scopeSet } from "./scopes.ts";
import type { Verifier } from "./verified-token.ts";

type SelfSignedTokenOptions = {
  findServiceAccount: FindServiceAccount;
  clock: Clock;
  publicUrls: PublicUrls;
};

/**
 * Creates the verifier of tokens that service accounts sign themselves, without the token endpoint (AIP-4111). Such a token has either
 * `scope`, or this server as `aud` and then all scopes of its account.
 */
export function createSelfSignedTokens({
  findServiceAccount: find,
  clock,
  publicUrls,
}: SelfSignedTokenOptions): Verifier {
  return async function verifySelfSigned(token) {
    const jwt = await verifyAccountJwt(token, find, clock, ({ scope, aud }) => {
      // An `aud` must be this server even if there are scopes: the token may be for another server.
      const isForUs = aud === undefined ? typeof scope === "string" : isServiceAudience(aud, publicUrls);
      return isForUs ? undefined : invalidClaim("aud");
    });
    if ("rejected" in jwt) {
      return jwt;
    }
    const { scope } = jwt.payload;
    const scopes = typeof scope === "string" ? scopeSet(scope.split(" ")) : undefined;
    return {
      cacheUntilMs: Number(jwt.payload.exp) * 1000,
      principal: () => currentPrincipal(find, jwt.account.email, jwt.keyId, scopes),
    };
  };
}
