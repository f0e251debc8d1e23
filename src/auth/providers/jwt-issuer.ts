import type { KeyObject } from "node:crypto";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { decodeProtectedHeader, errors, jwtVerify } from "jose";
import type { JwtIssuer } from "../../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import type { Clock } from "../../contract/clock.ts";
import type { Verifier } from "../verified-token.ts";
import { createClaimReader } from "./claim-mapping.ts";
import { rejectionFor } from "./jwt-errors.ts";
import { createRemoteKeys } from "./remote-keys.ts";

/** How long a verified token is cached, in ms. After that its issuer may have removed the key. */
const cacheMs = 60_000;

/** Creates the verifier of an identity provider's JWTs. It uses the keys that the provider publishes. */
export function createJwtIssuer(config: JwtIssuer, clock: Clock): Verifier {
  const tryKeys = createRemoteKeys({
    url: new URL(config.jwksUri),
    clock,
    timeoutMs: config.requestTimeout ? durationMs(config.requestTimeout) : 5_000,
    refreshMs: config.refreshInterval ? durationMs(config.refreshInterval) : 600_000,
    coolDownMs: config.coolDown ? durationMs(config.coolDown) : 30_000,
    maxKeyAgeMs: config.maxKeyAge ? durationMs(config.maxKeyAge) : 86_400_000,
  });
  const readClaims = createClaimReader(config);
  const algorithms = config.algorithms.length > 0 ? config.algorithms : ["RS256", "ES256"];
  const skewMs = config.clockSkew ? durationMs(config.clockSkew) : 30_000;

  /** Returns the claims, or undefined if another key signed the token. */
  async function claimsSignedBy(key: KeyObject, token: string, now: number) {
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms,
        issuer: config.issuer,
        clockTolerance: skewMs / 1000,
        currentDate: new Date(now),
        requiredClaims: ["exp"],
      });
      return payload;
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) {
        return undefined;
      }
      throw error;
    }
  }

  return async function verifyJwt(token) {
    try {
      const now = clock.now();
      const { alg = "", kid } = decodeProtectedHeader(token);
      if (!algorithms.includes(alg)) {
        throw new errors.JOSEAlgNotAllowed();
      }
      const claims = await tryKeys({ alg, kid }, (key) => claimsSignedBy(key, token, now));
      const principal = readClaims(claims);
      return "rejected" in principal
        ? principal
        : {
            cacheUntilMs: Math.min(now + cacheMs, Number(claims.exp) * 1000 + skewMs),
            principal: () => principal,
          };
    } catch (error) {
      return rejectionFor(error);
    }
  };
}
