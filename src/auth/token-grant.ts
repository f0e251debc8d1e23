import type { Clock } from "../contract/clock.ts";
import { defaultTokenSeconds, signAccessToken } from "./access-token.ts";
import { verifyAccountJwt } from "./account-jwt.ts";
import type { FindServiceAccount } from "./accounts/lookup.ts";
import { isTokenAudience, type PublicUrls } from "./audience.ts";
import type { ReplayGuard } from "./replay-guard.ts";
import type { SigningKey } from "./signing-key.ts";

/** The JWT bearer grant (RFC 7523 2.1). */
export const jwtBearerGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** A successful answer (RFC 6749 5.1). */
export type TokenGranted = {
  readonly access_token: string;
  readonly token_type: "Bearer";
  /** In seconds. */
  readonly expires_in: number;
  /** What was granted of what was asked for. */
  readonly scope: string;
};

/** An error (RFC 6749 5.2). */
export type TokenRefused = {
  readonly error: "invalid_request" | "invalid_grant" | "invalid_scope" | "unsupported_grant_type";
  readonly error_description: string;
};

/** Answers the parameters of a token request. */
export type TokenGrant = (form: URLSearchParams) => Promise<TokenGranted | TokenRefused>;

export type TokenGrantOptions = {
  key: SigningKey;
  clock: Clock;
  findServiceAccount: FindServiceAccount;
  publicUrls: PublicUrls;
  replayGuard: ReplayGuard;
};

/** Creates the token endpoint's grant: an assertion that a service account signed, for an access token. */
export function createTokenGrant(options: TokenGrantOptions): TokenGrant {
  const { key, clock, findServiceAccount, publicUrls, replayGuard } = options;
  return async (form) => {
    const fault = faultOfForm(form);
    if (fault !== undefined) {
      return fault;
    }
    const jwt = await verifyAccountJwt(form.get("assertion") as string, findServiceAccount, clock);
    if ("refused" in jwt) {
      return invalidGrant(`assertion: ${jwt.refused.replace("access token", "assertion")}`);
    }
    const { aud, scope, jti } = jwt.payload;
    if (!isTokenAudience(aud, publicUrls)) {
      return invalidGrant(`assertion: aud must be ${publicUrls()[0]}/token`);
    }
    const asked = typeof scope === "string" ? scope.split(" ").filter(Boolean) : [];
    const scopes = asked.filter((each) => jwt.account.scopes.has(each));
    if (scopes.length === 0) {
      return {
        error: "invalid_scope",
        error_description: `assertion: scope must hold one of: ${[...jwt.account.scopes].join(" ")}`,
      };
    }
    // Last, so that an assertion that is refused for another reason can be sent again, mended.
    if (jti !== undefined && !(await replayGuard.isFirst(jwt.account.email, String(jti)))) {
      return invalidGrant("assertion: its jti was used before");
    }
    const init = { account: jwt.account.email, accountKeyId: jwt.keyId, scopes };
    return {
      access_token: await signAccessToken(key, { ...init, lifetimeSeconds: defaultTokenSeconds }, clock),
      token_type: "Bearer",
      expires_in: defaultTokenSeconds,
      scope: scopes.join(" "),
    };
  };
}

function faultOfForm(form: URLSearchParams): TokenRefused | undefined {
  for (const name of ["grant_type", "assertion"]) {
    // RFC 6749 3.2: a parameter without a value counts as left out, and none may be there twice.
    const values = form.getAll(name);
    if (values.length !== 1 || values[0] === "") {
      return { error: "invalid_request", error_description: `${name} must be given, once` };
    }
  }
  return form.get("grant_type") === jwtBearerGrant
    ? undefined
    : { error: "unsupported_grant_type", error_description: `grant_type must be ${jwtBearerGrant}` };
}

function invalidGrant(description: string): TokenRefused {
  return { error: "invalid_grant", error_description: description };
}
