import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from "jose";
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError } from "../../contract/api-error.ts";
import type { Clock } from "../../contract/clock.ts";

export type RemoteKeysOptions = {
  /** Where the issuer publishes its keys (RFC 7517 5). */
  url: URL;
  clock: Clock;
  /** How long an answer is waited for. */
  timeoutMs: number;
  /** Age at which keys are fetched anew, in the background. */
  refreshMs: number;
  /** Least time between two requests because a token names an unknown key, or because the last one failed. */
  coolDownMs: number;
  /** For how long known keys are used while new ones cannot be had. */
  maxKeyAgeMs: number;
};

/**
 * Returns the look-up of an issuer's keys. Keys that are known go on while the issuer does not answer, up to their
 * largest age. A key that is not known is asked for, but not more often than the cool-down lets; if it cannot be asked
 * for, the look-up fails with CREDENTIALS_UNVERIFIABLE. What the issuer no longer publishes verifies nothing after the next refresh.
 */
export function createRemoteKeys(options: RemoteKeysOptions): JWTVerifyGetKey {
  const { url, clock, refreshMs, coolDownMs, maxKeyAgeMs } = options;
  // When to fetch is decided here: jose drops known keys if the fetch fails that their age calls for.
  const keys = createRemoteJWKSet(url, {
    timeoutDuration: options.timeoutMs,
    cooldownDuration: Number.POSITIVE_INFINITY,
    cacheMaxAge: Number.POSITIVE_INFINITY,
    [customFetch]: (input, init) => fetch(input, { ...init, redirect: "error" }),
  });
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  let failure: unknown;
  let running: Promise<void> | undefined;

  function load(): Promise<void> {
    running ??= keys
      .reload()
      .then(
        () => {
          fetchedAt = clock.now();
          failure = undefined;
        },
        (cause: unknown) => {
          failure = cause;
        },
      )
      .finally(() => {
        running = undefined;
        triedAt = clock.now();
      });
    return running;
  }

  const coolingDown = () => clock.now() < triedAt + coolDownMs;

  function unavailable() {
    return apiError(ErrorReason.CREDENTIALS_UNVERIFIABLE, {
      message: "the keys of the token's issuer cannot be had now",
      retryAfterMs: 1_000,
      cause: failure,
    });
  }

  return async (header, token) => {
    const age = clock.now() - fetchedAt;
    if (age >= maxKeyAgeMs && (running !== undefined || !coolingDown())) {
      await load();
    } else if (age >= refreshMs && !coolingDown()) {
      void load();
    }
    if (clock.now() - fetchedAt >= maxKeyAgeMs) {
      throw unavailable();
    }
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) {
        throw error;
      }
      if (running !== undefined || !coolingDown()) {
        await load();
      }
      if (failure !== undefined) {
        throw unavailable();
      }
      return keys(header, token);
    }
  };
}
