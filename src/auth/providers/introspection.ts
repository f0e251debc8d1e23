import { durationMs } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";
import {
  allowInsecureRequests,
  ClientSecretBasic,
  type IntrospectionResponse,
  introspectionRequest,
  processIntrospectionResponse,
} from "oauth4webapi";
import type { IntrospectionEndpoint } from "../../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import type { Clock } from "../../contract/clock.ts";
import { type Rejected, unverifiable, type Verified, type Verifier } from "../verified-token.ts";
import { createClaimReader } from "./claim-mapping.ts";
import { invalidClaim } from "./jwt-errors.ts";

/**
 * Requests to the endpoint at once. Each new token causes one, and anyone can send new tokens. Further ones wait, as
 * long as a request may take.
 */
const maxRequests = 64;

/**
 * Creates the verifier that asks the introspection endpoint of an issuer (RFC 7662). An endpoint that does not answer,
 * or not validly, is CREDENTIALS_UNVERIFIABLE.
 */
export function createIntrospection(
  config: IntrospectionEndpoint,
  clientSecret: string,
  clock: Clock,
): Verifier {
  const server = { issuer: config.issuer || config.endpoint, introspection_endpoint: config.endpoint };
  const client = { client_id: config.clientId };
  const authentication = ClientSecretBasic(clientSecret);
  const timeoutMs = config.requestTimeout ? durationMs(config.requestTimeout) : 5_000;
  const activeMs = config.activeTtl ? durationMs(config.activeTtl) : 60_000;
  const inactiveMs = config.inactiveTtl ? durationMs(config.inactiveTtl) : 10_000;
  const readClaims = createClaimReader(config);

  async function ask(token: string) {
    try {
      const answer = await introspectionRequest(server, client, authentication, token, {
        signal: () => AbortSignal.timeout(timeoutMs),
        additionalParameters: { token_type_hint: "access_token" },
        // The configuration allows plain HTTP for loopback addresses only.
        [allowInsecureRequests]: true,
      });
      return requireTimes(await processIntrospectionResponse(server, client, answer));
    } catch (cause) {
      throw unavailable(cause);
    }
  }

  function read(answer: IntrospectionResponse, now: number): Verified | Rejected {
    const problem = problemOf(answer, config, now);
    const principal = problem === undefined ? readClaims(answer) : { rejected: problem };
    if ("rejected" in principal) {
      return { ...principal, cacheUntilMs: now + inactiveMs };
    }
    const expiresAtMs = answer.exp === undefined ? Number.POSITIVE_INFINITY : answer.exp * 1000;
    return { cacheUntilMs: Math.min(now + activeMs, expiresAtMs), principal: () => principal };
  }

  let requests = 0;
  const waiting = new Set<() => void>();

  async function takeTurn(): Promise<void> {
    if (requests < maxRequests) {
      requests += 1;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    waiting.add(resolve);
    const timer = setTimeout(() => {
      waiting.delete(resolve);
      reject(unavailable(undefined));
    }, timeoutMs).unref();
    await promise;
    clearTimeout(timer);
  }

  function passTurn(): void {
    const [next] = waiting;
    if (next === undefined) {
      requests -= 1;
    } else {
      waiting.delete(next);
      next();
    }
  }

  return async function introspect(token) {
    await takeTurn();
    try {
      return read(await ask(token), clock.now());
    } finally {
      passTurn();
    }
  };
}

function unavailable(cause: unknown): ConnectError {
  return unverifiable(
    "the introspection endpoint of the token's issuer is not available; retry later",
    cause,
  );
}

/** Throws unless the times are numbers (RFC 7662 2.2): with other values every comparison below would be false. */
function requireTimes(answer: IntrospectionResponse): IntrospectionResponse {
  for (const time of [answer.exp, answer.nbf] as unknown[]) {
    if (time !== undefined && !Number.isFinite(time)) {
      throw new Error("exp and nbf of an introspection response must be numbers");
    }
  }
  return answer;
}

function problemOf(
  { active, exp, nbf, iss }: IntrospectionResponse,
  { issuer }: IntrospectionEndpoint,
  now: number,
): string | undefined {
  if (!active) {
    return "the access token is not active";
  }
  if (exp !== undefined && exp * 1000 <= now) {
    return "the access token has expired: fetch a new one";
  }
  if (nbf !== undefined && nbf * 1000 > now) {
    return "the access token is not valid yet";
  }
  return issuer !== "" && iss !== issuer ? invalidClaim("iss") : undefined;
}
