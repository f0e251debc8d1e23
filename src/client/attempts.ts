import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { mayPass, unifyFailure } from "./failures.ts";
import { readError } from "./read-error.ts";
import { tellRemaining, timeoutOf } from "./remaining-time.ts";
import type { Pacing, RetryPolicy } from "./retry-policy.ts";
import type { TokenKeeper } from "./token-source.ts";

/** One attempt of a call, when it is over. */
export type Attempt = {
  /** Name of the method in the contract, such as `CreateUserPlanStatus`. */
  readonly method: string;
  /** Counted from 1 in each call. */
  readonly attempt: number;
  /** How long was waited before it, in milliseconds; 0 for the first one. */
  readonly delayMs: number;
  /** How long it took, in milliseconds with a fraction; getting the token included. */
  readonly durationMs: number;
  /** What it failed with; absent if it succeeded. `readError` says more. */
  readonly error: ConnectError | undefined;
  /** How long will be waited before the next attempt, in milliseconds; absent if this was the last one. */
  readonly nextDelayMs: number | undefined;
};

/** What happens around every call of a client. */
export type AttemptsOptions = {
  token: TokenKeeper;
  policy: RetryPolicy;
  pacing: Pacing;
  onAttempt?: ((attempt: Attempt) => void) | undefined;
};

/**
 * Creates the interceptor that sends a call with its token, and again while that may help: after failures that pass by
 * themselves, as the policy says, and once after a refused token if there is another. Repeating is safe: reads
 * change nothing, and a create with an equal updateTime is accepted. Nothing is repeated after the caller's
 * cancellation or deadline, nor if the wait would not end before it.
 */
export function createAttempts({ token, policy, pacing, onAttempt }: AttemptsOptions): Interceptor {
  return (next) => async (request) => {
    const startedAt = pacing.now();
    let delayMs = 0;
    let mayRenew = true;
    let deadline: number | undefined;
    for (let attempt = 1; ; attempt++) {
      const beganAt = pacing.now();
      const outcome = await tryOnce(next, request);
      const durationMs = pacing.now() - beganAt;
      const report = (error?: ConnectError, nextDelayMs?: number) =>
        onAttempt?.({ method: request.method.name, attempt, delayMs, durationMs, error, nextDelayMs });
      if ("response" in outcome) {
        report();
        return outcome.response;
      }
      const { error, refused } = outcome;
      let nextDelayMs: number | undefined;
      if (refused !== undefined && mayRenew) {
        mayRenew = false;
        nextDelayMs = (await hasReplacement(refused, request, error)) ? 0 : undefined;
      } else if (attempt < policy.maxAttempts && mayPass(error)) {
        nextDelayMs = policy.delayMs(attempt, readError(error, pacing.now()).retryAfterMs);
      }
      // Read before the header is changed, and only by the calls that fail.
      deadline ??= startedAt + (timeoutOf(request.header) ?? Number.POSITIVE_INFINITY);
      if (nextDelayMs === undefined || pacing.now() + nextDelayMs >= deadline || request.signal.aborted) {
        report(error);
        throw error;
      }
      report(error, nextDelayMs);
      delayMs = nextDelayMs;
      if (delayMs > 0) {
        await pacing.sleep(delayMs, request.signal);
      }
      tellRemaining(request.header, deadline - pacing.now());
    }
  };

  async function tryOnce(next: AnyFn, request: AnyRequest): Promise<Outcome> {
    let bearer: string | undefined;
    try {
      bearer = await token.current(request.signal);
      request.header.set("authorization", `Bearer ${bearer}`);
      return { response: await next(request) };
    } catch (reason) {
      if (request.signal.aborted) {
        // The caller's own end of a call also closes connections; that is no failure of theirs.
        return { error: ConnectError.from(request.signal.reason, Code.Canceled) };
      }
      const error = unifyFailure(reason);
      return error.code === Code.Unauthenticated ? { error, refused: bearer } : { error };
    }
  }

  /** A token that cannot be got is no news to who was told that the last one is refused. */
  async function hasReplacement(refused: string, request: AnyRequest, error: ConnectError): Promise<boolean> {
    try {
      return (await token.replacement(refused, request.signal)) !== undefined;
    } catch (cause) {
      error.cause ??= cause;
      return false;
    }
  }
}

type AnyFn = Parameters<Interceptor>[0];
type AnyRequest = Parameters<AnyFn>[0];

type Outcome =
  | { readonly response: Awaited<ReturnType<AnyFn>> }
  | {
      readonly error: ConnectError;
      /** The token that the server did not take. */
      readonly refused?: string | undefined;
    };
