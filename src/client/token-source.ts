/** A request of the client to a {@link TokenSource}. */
export type TokenRequest = {
  /** True after the server rejected the current token: return a new one, even if the current one has not expired. */
  readonly refresh: boolean;
};

/**
 * Returns the current access token, without the word `Bearer`. The client calls it before every attempt, so the
 * source must cache. A source that ignores its argument is fine; its tokens are not refreshed after a rejection. If
 * it throws, the call fails with that error.
 *
 * ```ts
 * let token: string | undefined;
 * const source: TokenSource = async ({ refresh }) => {
 *   if (token === undefined || refresh) {
 *     token = await (await fetch("https://auth.example.com/token", { method: "POST" })).text();
 *   }
 *   return token;
 * };
 * ```
 */
export type TokenSource = (request: TokenRequest) => string | Promise<string>;

/** The token of one client, shared by all its calls. */
export type SharedToken = {
  /** Resolves with the current token; rejects with the signal's reason if that aborts first. */
  current(signal: AbortSignal): Promise<string>;
  /**
   * Resolves with a token other than the rejected one, or undefined if there is none. Calls that are rejected
   * together share one refresh.
   */
  replacement(rejected: string, signal: AbortSignal): Promise<string | undefined>;
};

/** Creates the shared token of a client from a fixed token or a source. */
export function createSharedToken(token: string | TokenSource): SharedToken {
  if (typeof token === "string") {
    return { current: async () => token, replacement: async () => undefined };
  }
  let refreshing: Promise<string> | undefined;
  const current = (signal: AbortSignal) => beforeAbort(ask(token, false), signal);
  return {
    current,
    async replacement(rejected, signal) {
      // Another call may have refreshed the token already.
      const now = await current(signal);
      if (now !== rejected) {
        return now;
      }
      refreshing ??= ask(token, true).finally(() => {
        refreshing = undefined;
      });
      const next = await beforeAbort(refreshing, signal);
      return next === rejected ? undefined : next;
    },
  };
}

async function ask(source: TokenSource, refresh: boolean): Promise<string> {
  return source({ refresh });
}

/** Settles as the promise does, or rejects with the signal's reason if that aborts first. */
function beforeAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    const cleanUp = () => signal.removeEventListener("abort", onAbort);
    if (signal.aborted) {
      onAbort();
    }
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(cleanUp);
  });
}
