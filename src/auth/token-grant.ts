import type { Clock } from "../contract/clock.ts";
import { defaultTokenSeconds, signAccessToken } from "./access-token.ts";
import { verifyAccountJwt } from "./account-jwt.ts";
import type { FindServiceAccount } from "./accounts/lookup.ts";
import { isTokenAudience, type PublicUrls } from "./audience.ts";
import type { ReplayGuard } from "./replay-guard.ts";
import { scopeSet } from "./scopes.ts";
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

/** A rejection because an operator of the account has used up its rate. */
export type RateExceeded = {
  /** What is exceeded. For people. */
  readonly rateExceeded: string;
  /** When a retry may succeed, in ms from now. */
  readonly retryAfterMs: number;
};

/** Counts a request against the rates of operators. Resolves with undefined if all of them allow it. */
export type TakeCall = (asns: ReadonlySet<number>) => Promise<RateExceeded | undefined>;

/** Grants a token for the parameters of a token request. */
export type TokenGrant = (form: URLSearchParams) => Promise<TokenResponse | TokenError | RateExceeded>;

type TokenGrantOptions = {
  key: SigningKey;
  clock: Clock;
  findServiceAccount: FindServiceAccount;
  publicUrls: PublicUrls;
  replayGuard: ReplayGuard;
  takeCall: TakeCall;
};

/** Creates the grant of the token endpoint: it exchanges an assertion, signed by a service account, for an access token. */
export function createTokenGrant(options: TokenGrantOptions): TokenGrant {
  const { key, clock, findServiceAccount, publicUrls, replayGuard, takeCall } = options;
  return async function grantToken(form) {
    const error = errorOfForm(form);
    if (error !== undefined) {
      return error;
    }
    const jwt = await verifyAccountJwt(
      form.get("assertion") as string,
      findServiceAccount,
      clock,
      ({ aud }) => (isTokenAudience(aud, publicUrls) ? undefined : `aud must be ${publicUrls()[0]}/token`),
    );
    if ("rejected" in jwt) {
      return invalidGrant(`assertion: ${jwt.rejected.replace("access token", "assertion")}`);
    }
    const { account } = jwt;
    const { scope } = jwt.payload;
    const jti = jwt.payload.jti === undefined ? undefined : String(jwt.payload.jti);
    const requested = typeof scope === "string" ? scope.split(" ").filter(Boolean) : [];
    const scopes = requested.filter((each) => scopeSet([each]).isSubsetOf(account.scopes));
    if (scopes.length === 0) {
      return {
        error: "invalid_scope",
        error_description: `assertion: scope must contain one of: ${[...account.scopes].join(" ")}`,
      };
    }
    if (account.asns.size === 0) {
      return invalidGrant("the account is not linked to an operator");
    }
    if (jti !== undefined && (await replayGuard.isUsed(account.email, jti))) {
      return replayed;
    }
    // Not before all that a stranger can do with an old assertion: it must not use up the rate.
    const exceeded = await takeCall(account.asns);
    if (exceeded !== undefined) {
      return exceeded;
    }
    // Last, so that a client can correct another error and send the same jti again.
    if (jti !== undefined && !(await replayGuard.isFirst(account.email, jti))) {
      return replayed;
    }
    const init = { account: account.email, accountKeyId: jwt.keyId, scopes };
    return {
      access_token: await signAccessToken(key, { ...init, lifetimeSeconds: defaultTokenSeconds }, clock),
      token_type: "Bearer",
      expires_in: defaultTokenSeconds,
      scope: scopes.join(" "),
    };
  };
}

const replayed = invalidGrant("assertion: jti was already used");

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
