import type { Clock } from "../contract/clock.ts";
import { verifyAccountJwt } from "./account-jwt.ts";
import type { FindServiceAccount } from "./accounts/lookup.ts";
import { isServiceAudience, type PublicUrls } from "./audience.ts";
import type { TokenSource } from "./verified-token.ts";

export type SelfSignedTokenOptions = {
  findServiceAccount: FindServiceAccount;
  clock: Clock;
  publicUrls: PublicUrls;
};

/**
 * Verifies tokens that service accounts sign themselves, without asking the token endpoint (AIP-4111). One names
 * either its scopes or, by `aud`, this server, and then has all the scopes of its account.
 */
export function createSelfSignedTokens({
  findServiceAccount: find,
  clock,
  publicUrls,
}: SelfSignedTokenOptions): TokenSource {
  return {
    async verify(token) {
      const jwt = await verifyAccountJwt(token, find, clock);
      if ("refused" in jwt) {
        return jwt;
      }
      const { scope, aud } = jwt.payload;
      const scopes = typeof scope === "string" ? new Set(scope.split(" ")) : undefined;
      // What names an audience must name this one, scopes or not: it may be meant for another server.
      if (aud === undefined ? scopes === undefined : !isServiceAudience(aud, publicUrls)) {
        return { refused: "the access token is not meant for this server: aud" };
      }
      const { email } = jwt.account;
      return {
        keepUntilMs: jwt.expiresAt * 1000,
        principal() {
          const account = find(email);
          return account?.keys.some(({ keyId }) => keyId === jwt.keyId)
            ? {
                account: email,
                asns: account.asns,
                scopes: scopes?.intersection(account.scopes) ?? account.scopes,
              }
            : { refused: "the service account of the access token was revoked" };
        },
      };
    },
  };
}
