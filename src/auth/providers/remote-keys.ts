import type { KeyObject } from "node:crypto";
import { errors } from "jose";
import type { Clock } from "../../contract/clock.ts";
import { unverifiable } from "../verified-token.ts";
import { type KeySet, readKeySet } from "./key-set.ts";

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
 * Passes the keys that may have signed a token to `attempt`, one after the other. Resolves with the first result that is
 * not undefined.
 */
type TryKeys = <Result>(
  header: Parameters<KeySet["keysFor"]>[0],
  attempt: (key: KeyObject) => Promise<Result | undefined>,
) => Promise<Result>;

/**
 * Creates the lookup of an issuer's keys. Known keys stay valid while the issuer does not answer, up to their maximum
 * age. If no known key verifies a token, the lookup fetches the key set, limited by the cool-down, because the new key of
 * an issuer need not have a new `kid`. If that fails, it rejects with CREDENTIALS_UNVERIFIABLE, except for a token that
 * names a known key. Keys that the issuer removes stop working at the next refresh.
 */
export function createRemoteKeys(options: RemoteKeysOptions): TryKeys {
  const { url, clock, timeoutMs, refreshMs, coolDownMs, maxKeyAgeMs } = options;
  let keys = readKeySet({ keys: [] });
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  let failure: unknown;
  let running: Promise<void> | undefined;

  function load(): Promise<void> {
    running ??= fetchKeySet(url, timeoutMs)
      .then(
        (fetched) => {
          keys = fetched;
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

  // A clock that was set back far makes keys as old as one that was set forward.
  const ageOf = (timeMs: number) => Math.abs(clock.now() - timeMs);

  const coolingDown = () => ageOf(triedAt) < coolDownMs;

  const unavailable = () =>
    unverifiable("the keys of the token's issuer cannot be fetched now; retry later", failure);

  return async function tryKeys(header, attempt) {
    const age = ageOf(fetchedAt);
    if (age >= maxKeyAgeMs && (running !== undefined || !coolingDown())) {
      await load();
    } else if (age >= refreshMs && !coolingDown()) {
      void load();
    }
    if (ageOf(fetchedAt) >= maxKeyAgeMs) {
      throw unavailable();
    }
    const tried = keys;
    const result = await tryEach(tried, header, attempt);
    if (result !== undefined) {
      return result;
    }
    if (running !== undefined || !coolingDown()) {
      await load();
    }
    if (failure !== undefined && !keys.names(header)) {
      throw unavailable();
    }
    const found = keys === tried ? undefined : await tryEach(keys, header, attempt);
    if (found === undefined) {
      throw keys.keysFor(header).length === 0
        ? new errors.JWKSNoMatchingKey()
        : new errors.JWSSignatureVerificationFailed();
    }
    return found;
  };
}

async function tryEach<Result>(
  keys: KeySet,
  header: Parameters<KeySet["keysFor"]>[0],
  attempt: (key: KeyObject) => Promise<Result | undefined>,
): Promise<Result | undefined> {
  for (const read of keys.keysFor(header)) {
    const key = read();
    const result = key && (await attempt(key));
    if (result !== undefined) {
      return result;
    }
  }
  return undefined;
}

async function fetchKeySet(url: URL, timeoutMs: number): Promise<KeySet> {
  const response = await fetch(url, {
    headers: { accept: "application/json, application/jwk-set+json" },
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.status !== 200) {
    throw new Error(`the key endpoint answered ${response.status}`);
  }
  return readKeySet(await response.json());
}
