import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from "jose";
import type { Clock } from "../../contract/clock.ts";
import { unverifiable } from "../verified-token.ts";

type RemoteKeysOptions = {
  /** URL of the key set of the issuer (RFC 7517 5). */
  url: URL;
  clock: Clock;
  timeoutMs: number;
  /** Age at which keys are fetched again, in the background. */
  refreshMs: number;
  /** Minimum time between two requests for unknown keys, and after a request that failed. */
  coolDownMs: number;
  /** How long known keys are used while the issuer cannot be reached. */
  maxKeyAgeMs: number;
};

/**
 * Creates the lookup of an issuer's keys. Known keys stay valid while the issuer does not answer, up to their maximum
 * age. For an unknown key the lookup fetches the key set, limited by the cool-down. If that fails, it rejects with
 * CREDENTIALS_UNVERIFIABLE. Keys that the issuer removes stop working at the next refresh.
 */
export function createRemoteKeys(options: RemoteKeysOptions): JWTVerifyGetKey {
  const { url, clock, refreshMs, coolDownMs, maxKeyAgeMs } = options;
  // Fetches are scheduled here, because jose drops known keys when a refresh fails.
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

  const unavailable = () =>
    unverifiable("the keys of the token's issuer cannot be fetched now; retry later", failure);

  return async function findKey(header, token) {
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
