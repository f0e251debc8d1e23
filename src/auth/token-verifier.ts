import { decodeJwt } from "jose";
import type { Clock } from "../contract/clock.ts";
import { isCanonicalJwt } from "./jwt-form.ts";
import type { Principal } from "./principal.ts";
import type { SentToken } from "./sent-token.ts";
import type { Rejected, Verified, Verifier } from "./verified-token.ts";

/**
 * Returns the caller, or why the token is rejected; a promise unless the result is cached. Throws CREDENTIALS_UNVERIFIABLE, or
 * rejects with it.
 */
export type VerifyToken = (token: SentToken) => Principal | Rejected | Promise<Principal | Rejected>;

type TokenVerifierOptions = {
  clock: Clock;
  /** Returns the verifier of an issuer's JWTs. */
  verifierOf(issuer: string): Verifier | undefined;
  /** Verifies tokens that are not JWTs. */
  opaque?: Verifier | undefined;
};

/** Maximum length of a token, in characters. Some gateways accept only 8 KiB of headers. */
const maxTokenLength = 8_192;
/** Maximum number of verified tokens in memory, and of rejected ones. A pusher uses one token for an hour. */
const maxCached = 10_000;

/**
 * Creates the verifier of all kinds of tokens. Results are cached by the digest of the token, so that neither the cache in
 * a heap dump nor the timing of a lookup reveals a token. Concurrent calls with the same token share one verification.
 */
export function createTokenVerifier({ clock, verifierOf, opaque }: TokenVerifierOptions): VerifyToken {
  const verified = createCache<Verified>(clock);
  // Separate, so that a flood of invalid tokens does not evict valid ones.
  const rejected = createCache<Rejected>(clock);
  const running = new Map<string, Promise<Verified | Rejected>>();

  async function verify({ text, digest }: SentToken): Promise<Verified | Rejected> {
    const issuer = issuerOf(text);
    if (issuer !== undefined && !isCanonicalJwt(text)) {
      return { rejected: "the access token is malformed" };
    }
    const verifier = issuer === undefined ? opaque : verifierOf(issuer);
    if (verifier === undefined) {
      return {
        rejected:
          issuer === undefined
            ? "the access token is malformed: send a JWT, whole and unchanged"
            : "the access token has an unknown issuer: send a token of this server",
      };
    }
    const result = await verifier(text);
    if ("rejected" in result) {
      rejected.set(digest, result);
    } else {
      verified.set(digest, result);
    }
    return result;
  }

  async function verifyOnce(token: SentToken): Promise<Principal | Rejected> {
    const { digest } = token;
    let verification = running.get(digest);
    if (verification === undefined) {
      verification = verify(token).finally(() => running.delete(digest));
      running.set(digest, verification);
    }
    const result = await verification;
    return "rejected" in result ? result : result.principal();
  }

  return function verifyToken(token) {
    const { text, digest } = token;
    if (text.length > maxTokenLength) {
      return { rejected: `the access token has more than ${maxTokenLength} characters` };
    }
    return verified.get(digest)?.principal() ?? rejected.get(digest) ?? verifyOnce(token);
  };
}

/**
 * Stores values until they expire, or the clock is set back to before they were stored: what was verified then may not be
 * valid yet. When the cache is full, the oldest value is removed.
 */
function createCache<Value extends { readonly cacheUntilMs?: number }>(clock: Clock) {
  const entries = new Map<string, { readonly value: Value; readonly sinceMs: number }>();
  return {
    get(digest: string): Value | undefined {
      const entry = entries.get(digest);
      if (entry === undefined) {
        return undefined;
      }
      const now = clock.now();
      if (now < entry.sinceMs || now >= (entry.value.cacheUntilMs ?? 0)) {
        entries.delete(digest);
        return undefined;
      }
      return entry.value;
    },
    set(digest: string, value: Value): void {
      if (value.cacheUntilMs === undefined) {
        return;
      }
      if (entries.size >= maxCached) {
        // A Map iterates in insertion order: the first key is the oldest.
        entries.delete(entries.keys().next().value as string);
      }
      entries.set(digest, { value, sinceMs: clock.now() });
    },
  };
}

/** Returns the unverified issuer of a JWT; undefined for other tokens. */
function issuerOf(token: string): string | undefined {
  try {
    const { iss } = decodeJwt(token);
    return typeof iss === "string" ? iss : undefined;
  } catch {
    return undefined;
  }
}
