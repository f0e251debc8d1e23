import { create } from "@bufbuild/protobuf";
import {
  type AuthConfig,
  AuthConfigSchema,
} from "../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import type { Clock } from "../contract/clock.ts";
import { type AccessTokenInit, createOwnTokens, ownIssuer, signAccessToken } from "./access-token.ts";
import { watchServiceAccounts } from "./accounts/lookup.ts";
import type { PublicUrls } from "./audience.ts";
import { createIntrospection } from "./providers/introspection.ts";
import { createJwtIssuer } from "./providers/jwt-issuer.ts";
import { createReplayGuard } from "./replay-guard.ts";
import { createSelfSignedTokens } from "./self-signed-token.ts";
import { loadSigningKey } from "./signing-key.ts";
import { createTokenGrant, type TakeCall, type TokenGrant } from "./token-grant.ts";
import { createTokenVerifier, type VerifyToken } from "./token-verifier.ts";

type AuthenticationOptions = {
  /** Directory of the signing key and the service accounts. */
  dataDirectory: string;
  clock: Clock;
  /** Issuers accepted in addition to the server itself. Must be valid. */
  config?: AuthConfig | undefined;
  /** Client secret for `config.introspection`. */
  introspectionSecret?: string | undefined;
  /** URLs of the server as clients see them. */
  publicUrls: PublicUrls;
  /** Counts granted tokens against the rates of operators. */
  takeCall: TakeCall;
};

/** Verifies tokens of the server, its service accounts and the configured issuers, and grants tokens. */
type Authentication = { readonly verifyToken: VerifyToken; readonly grantToken: TokenGrant };

/** Loads keys and accounts. Rejects with SigningKeyError or ServiceAccountsError. */
export async function createAuthentication(options: AuthenticationOptions): Promise<Authentication> {
  const { dataDirectory, clock, config = create(AuthConfigSchema), publicUrls, takeCall } = options;
  const key = await loadSigningKey(dataDirectory);
  const findServiceAccount = watchServiceAccounts(dataDirectory);
  const own = createOwnTokens({ key, clock, findServiceAccount });
  const selfSigned = createSelfSignedTokens({ findServiceAccount, clock, publicUrls });
  const external = new Map(
    config.jwtIssuers.map((issuer) => [issuer.issuer, createJwtIssuer(issuer, clock)]),
  );
  const opaque =
    config.introspection &&
    createIntrospection(config.introspection, options.introspectionSecret ?? "", clock);
  return {
    verifyToken: createTokenVerifier({
      clock,
      opaque,
      verifierOf(issuer) {
        if (issuer === ownIssuer) {
          return own;
        }
        return external.get(issuer) ?? (findServiceAccount(issuer) && selfSigned);
      },
    }),
    grantToken: createTokenGrant({
      key,
      clock,
      findServiceAccount,
      publicUrls,
      replayGuard: createReplayGuard(dataDirectory, clock),
      takeCall,
    }),
  };
}

/** Creates the function that signs tokens with the key of a data directory. Rejects with SigningKeyError. */
export async function createTokenSigner(
  dataDirectory: string,
  clock: Clock,
): Promise<(init: AccessTokenInit) => Promise<string>> {
  const key = await loadSigningKey(dataDirectory);
  return (init) => signAccessToken(key, init, clock);
}
