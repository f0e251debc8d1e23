import { createPlaces } from "../../contract/places.ts";
import type { ServerLimits } from "./server-limits.ts";

/**
 * Callers with an access token, or without one; those that watch the health need none and stay as long as they like. A
 * call is authenticated and unverified until its token is verified, which takes long if a provider is asked.
 */
export type CallerClass = "authenticated" | "unverified" | "anonymous" | "watching";

/** Decides whether one more call may be served now. */
export type OverloadGuard = {
  /**
   * Counts a call in and returns the function that counts it out, to be called once. Returns undefined if too many
   * calls are in flight or the event loop is late, which does not concern those that watch the health. All but
   * authenticated callers are counted by address too (`createPlaces`).
   */
  enter(callers: CallerClass, clientAddress: string | undefined): (() => void) | undefined;
  /** Calls in flight, without those that watch the health. */
  readonly inFlight: number;
  stop(): void;
};

export type OverloadOptions = Pick<ServerLimits, "maxInFlight" | "maxEventLoopDelayMs">;

/**
 * Concurrent calls without an access token: token requests and reflection streams, which may be idle for long. They have
 * a separate limit so that they cannot starve authenticated callers.
 */
const maxAnonymous = 256;

/** Calls of one address whose tokens may be verified at once even if this is more than half of all calls. */
const minUnverified = 64;

/** Concurrent health watches: a gRPC client that checks the health holds one on each connection. */
const maxWatching = 1_024;

/** Time between two measurements of the event loop, in ms. */
const tickMs = 50;

/** Consecutive late measurements that count as overload: a single pause, such as a garbage collection, does not. */
const lateTicks = 3;

/**
 * Creates the guard. The event loop is late when a timer fires later than it should: a call accepted then would wait
 * as long before it is read, and delay all others. Rejecting costs a small part of serving, so the loop recovers. As in
 * CoDel (RFC 8289), the minimum of the last delays counts: only a queue that persists is bad.
 */
export function createOverloadGuard(
  { maxInFlight, maxEventLoopDelayMs }: OverloadOptions,
  nowMs: () => number = () => performance.now(),
): OverloadGuard {
  const places = {
    authenticated: createPlaces(maxInFlight, maxInFlight),
    unverified: createPlaces(maxInFlight, Math.max(minUnverified, Math.ceil(maxInFlight / 2))),
    anonymous: createPlaces(maxAnonymous),
    watching: createPlaces(maxWatching),
  };
  let late = 0;
  let dueAt = nowMs() + tickMs;

  function measureDelay(): void {
    const now = nowMs();
    late = now - dueAt > maxEventLoopDelayMs ? late + 1 : 0;
    dueAt = now + tickMs;
  }

  const timer = maxEventLoopDelayMs === 0 ? undefined : setInterval(measureDelay, tickMs).unref();

  return {
    enter(callers, clientAddress) {
      if (late >= lateTicks && callers !== "watching") {
        return undefined;
      }
      // Many callers with tokens may share an address.
      return places[callers].take(callers === "authenticated" ? undefined : clientAddress);
    },
    get inFlight() {
      return places.authenticated.taken + places.anonymous.taken;
    },
    stop: () => clearInterval(timer),
  };
}
