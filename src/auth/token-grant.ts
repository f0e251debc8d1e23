import type { Clock } from "../contract/clock.ts";
import { defaultTokenSeconds, signAccessToken } from "./access-token.ts";
import { verifyAccountJwt } from "./account-jwt.ts";
import type { FindServiceAccount } from "./accounts/lookup.ts";
import { isTokenAudience, type PublicUrls } from "./audience.ts";
import type { ReplayGuard } from "./replay-guard.ts";
import type { SigningKey } from "./signing-key.ts";

/** The JWT bearer grant (RFC 7523 2.1). */
const jwtBearerGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** A successful response (RFC 6749 5.1). */
type TokenResponse = {
  readonly access_token: string;
  readonly token_type: "Bearer";
  /** Lifetime in seconds. */
  readonly expires_in: number;
  /** The granted scopes: those requested that the account has. */
  readonly scope: string;
};

/** An error response (RFC 6749 5.2). */
export type TokenError = {
  readonly error: "invalid_request" | "invalid_grant" | "invalid_scope" | "unsupported_grant_type";
  readonly error_description: string;
};

/** Grants a token for the parameters of a token request. */
export type TokenGrant = (form: URLSearchParams) => Promise<TokenResponse | TokenError>;

type TokenGrantOptions = {
  key: SigningKey;
  clock: Clock;
  findServiceAccount: FindServiceAccount;
  publicUrls: PublicUrls;
  replayGuard: ReplayGuard;
};

/** Creates the grant of the token endpoint: it exchanges an assertion, signed by a service account, for an access token. */
export function createTokenGrant(options: TokenGrantOptions): TokenGrant {
  const { key, clock, findServiceAccount, publicUrls, replayGuard } = options;
  return async function grantToken(form) {
    const error = errorOfForm(form);
    if (error !== undefined) {
      return error;
    }
    const jwt = await verifyAccountJwt(form.get("assertion") as string, findServiceAccount, clock);
    if ("rejected" in jwt) {
      return invalidGrant(`assertion: ${jwt.rejected.replace("access token", "assertion")}`);
    }
    const { aud, scope, jti } = jwt.payload;
    if (!isTokenAudience(aud, publicUrls)) {
      return invalidGrant(`assertion: aud must be ${publicUrls()[0]}/token`);
    }
    const requested = typeof scope === "string" ? scope.split(" ").filter(Boolean) : [];
    const scopes = requested.filter((each) => jwt.account.scopes.has(each));
    if (scopes.length === 0) {
      return {
        error: "invalid_scope",
        error_description: `assertion: scope must contain one of: ${[...jwt.account.scopes].join(" ")}`,
      };
    }
    // Last, so that a client can correct another error and send the same jti again.
    if (jti !== undefined && !(await replayGuard.isFirst(jwt.account.email, String(jti)))) {
      return invalidGrant("assertion: jti was already used");
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

function errorOfForm(form: URLSearchParams): TokenError | undefined {
  for (const name of ["grant_type", "assertion"]) {
    // RFC 6749 3.2: a parameter without a value counts as absent, and no parameter may be repeated.
    const values = form.getAll(name);
    if (values.length !== 1 || values[0] === "") {
      return { error: "invalid_request", error_description: `${name} must be given exactly once` };
    }
  }
  return form.get("grant_type") === jwtBearerGrant
    ? undefined
    : { error: "unsupported_grant_type", error_description: `grant_type must be ${jwtBearerGrant}` };
}

function invalidGrant(description: string): TokenError {
  return { error: "invalid_grant", error_description: description };
}
