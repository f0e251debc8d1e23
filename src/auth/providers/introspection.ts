import { durationMs } from "@bufbuild/protobuf/wkt";
import {
  allowInsecureRequests,
  ClientSecretBasic,
  type IntrospectionResponse,
  introspectionRequest,
  processIntrospectionResponse,
} from "oauth4webapi";
import type { IntrospectionEndpoint } from "../../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError } from "../../contract/api-error.ts";
import type { Clock } from "../../contract/clock.ts";
import type { Refused, TokenSource, Verified } from "../verified-token.ts";
import { createClaimReader } from "./claim-mapping.ts";

/**
 * Verifies tokens by asking the endpoint that issued them (RFC 7662). An endpoint that does not answer, or answers
 * something else, fails with CREDENTIALS_UNVERIFIABLE.
 */
export function createIntrospection(
  config: IntrospectionEndpoint,
  clientSecret: string,
  clock: Clock,
): TokenSource {
  const server = { issuer: config.issuer || config.endpoint, introspection_endpoint: config.endpoint };
  const client = { client_id: config.clientId };
  const authentication = ClientSecretBasic(clientSecret);
  const timeoutMs = config.requestTimeout ? durationMs(config.requestTimeout) : 5_000;
  const activeMs = config.activeTtl ? durationMs(config.activeTtl) : 60_000;
  const inactiveMs = config.inactiveTtl ? durationMs(config.inactiveTtl) : 10_000;
  const readClaims = createClaimReader(config.claims, config.accounts);

  async function ask(token: string): Promise<IntrospectionResponse> {
    try {
      const answer = await introspectionRequest(server, client, authentication, token, {
        signal: () => AbortSignal.timeout(timeoutMs),
        additionalParameters: { token_type_hint: "access_token" },
        // The configuration lets plain HTTP through to this machine alone.
        [allowInsecureRequests]: true,
      });
      return requireTimes(await processIntrospectionResponse(server, client, answer));
    } catch (cause) {
      throw apiError(ErrorReason.CREDENTIALS_UNVERIFIABLE, {
        message: "the issuer of the token cannot be asked about it now",
        retryAfterMs: 1_000,
        cause,
      });
    }
  }

  function read(answer: IntrospectionResponse, now: number): Verified | Refused {
    const fault = faultOf(answer, config, now);
    const principal = fault === undefined ? readClaims(answer) : { refused: fault };
    if ("refused" in principal) {
      return { ...principal, keepUntilMs: now + inactiveMs };
    }
    const expiresAtMs = answer.exp === undefined ? Number.POSITIVE_INFINITY : answer.exp * 1000;
    return { keepUntilMs: Math.min(now + activeMs, expiresAtMs), principal: () => principal };
  }

  return {
    async verify(token) {
      return read(await ask(token), clock.now());
    },
  };
}

/** Throws unless the times are what RFC 7662 2.2 says: with others a comparison would let everything through. */
function requireTimes(answer: IntrospectionResponse): IntrospectionResponse {
  for (const time of [answer.exp, answer.nbf] as unknown[]) {
    if (time !== undefined && !Number.isFinite(time)) {
      throw new Error("exp and nbf of an introspection must be numbers");
    }
  }
  return answer;
}

function faultOf(
  { active, exp, nbf, iss, aud = [] }: IntrospectionResponse,
  { issuer, audiences }: IntrospectionEndpoint,
  now: number,
): string | undefined {
  if (!active) {
    return "the access token is not active";
  }
  if (exp !== undefined && exp * 1000 <= now) {
    return "the access token has expired";
  }
  if (nbf !== undefined && nbf * 1000 > now) {
    return "the access token is not valid yet";
  }
  if (issuer !== "" && iss !== issuer) {
    return "the access token is not valid here: iss";
  }
  const isForUs = audiences.length === 0 || [aud].flat().some((each) => audiences.includes(each));
  return isForUs ? undefined : "the access token is not valid here: aud";
}
