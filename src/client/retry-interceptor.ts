import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { isRetryable, normalizeError } from "./normalize-error.ts";
import { readError } from "./read-error.ts";
import { setRemainingTime, setWholeTimeout, timeoutOf } from "./remaining-time.ts";
import type { Pacing, RetryPolicy } from "./retry-policy.ts";
import type { SharedToken } from "./token-source.ts";

/** One finished attempt of a call, as `onAttempt` receives it. See {@link RetryOptions} for an example. */
export type Attempt = {
  /** Name of the method in the contract, such as `CreateUserPlanStatus`. */
  readonly method: string;
  /** Number of the attempt within its call, from 1. */
  readonly attempt: number;
  /** Wait before this attempt, in milliseconds; 0 for the first one. */
  readonly delayMs: number;
  /** Duration in milliseconds, with a fraction; includes getting the token. */
  readonly durationMs: number;
  /** Error of the attempt, for `readError`; absent if it succeeded. */
  readonly error: ConnectError | undefined;
  /** Wait before the next attempt, in milliseconds; absent if this was the last one. */
  readonly nextDelayMs: number | undefined;
};

type RetryInterceptorOptions = {
  token: SharedToken;
  policy: RetryPolicy;
  pacing: Pacing;
  onAttempt?: ((attempt: Attempt) => void) | undefined;
};

/**
 * Creates the interceptor that adds the token to a call and retries it: retryable errors as the policy says, and a
 * rejected token once if there is another one. Retries are safe, because reads change nothing and a create with an
 * equal updateTime is accepted. A call is not retried after the caller's abort or deadline, nor if the wait would
 * end after the deadline.
 */
export function createRetryInterceptor(options: RetryInterceptorOptions): Interceptor {
  const { token, policy, pacing, onAttempt } = options;

  return (next) =>
    async function sendWithRetries(request) {
      const startedAt = pacing.now();
      setWholeTimeout(request.header);
      let delayMs = 0;
      let mayRefresh = true;
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
        const { error, rejectedToken } = outcome;
        let nextDelayMs: number | undefined;
        if (rejectedToken !== undefined && mayRefresh) {
          mayRefresh = false;
          nextDelayMs = (await hasReplacement(rejectedToken, request.signal, error)) ? 0 : undefined;
        } else if (attempt < policy.maxAttempts && isRetryable(error)) {
          nextDelayMs = policy.delayMs(attempt, readError(error, pacing.now()).retryAfterMs);
        }
        // Read before the header is changed, and only for calls that fail.
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
        setRemainingTime(request.header, deadline - pacing.now());
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
        // Aborting a call also closes connections; those errors are consequences, so report the abort.
        return { error: ConnectError.from(request.signal.reason, Code.Canceled) };
      }
      const error = normalizeError(reason);
      return error.code === Code.Unauthenticated ? { error, rejectedToken: bearer } : { error };
    }
  }

  /** If refreshing the token fails, the call reports the original UNAUTHENTICATED error. */
  async function hasReplacement(rejected: string, signal: AbortSignal, error: ConnectError) {
    try {
      return (await token.replacement(rejected, signal)) !== undefined;
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
  | { readonly error: ConnectError; readonly rejectedToken?: string | undefined };
