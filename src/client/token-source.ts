/** What the client wants of a token source. */
export type TokenRequest = {
  /** The server refused the token that the source gave last: get another one, whatever its lifetime says. */
  readonly refresh: boolean;
};

/**
 * Returns the current access token. Asked before every attempt, so it must keep the token by itself; a function that
 * takes no argument is one, too, whose tokens cannot be refreshed. What it raises, the call raises.
 */
export type TokenSource = (request: TokenRequest) => string | Promise<string>;

/** The token of one client, shared by all its calls. */
export type TokenKeeper = {
  /** Returns the current token; raises the reason of the signal if that aborts first. */
  current(signal: AbortSignal): Promise<string>;
  /**
   * Returns a token for a call whose token was refused, or undefined if there is no other. However many calls were
   * refused, the source is asked for a new one once.
   */
  replacement(refused: string, signal: AbortSignal): Promise<string | undefined>;
};

/** Creates the keeper of a fixed token, or of a source. */
export function createTokenKeeper(token: string | TokenSource): TokenKeeper {
  if (typeof token === "string") {
    return { current: async () => token, replacement: async () => undefined };
  }
  let refreshing: Promise<string> | undefined;
  const refresh = () => {
    refreshing ??= ask(token, true).finally(() => {
      refreshing = undefined;
    });
    return refreshing;
  };
  const current = (signal: AbortSignal) => beforeAbort(ask(token, false), signal);
  return {
    current,
    async replacement(refused, signal) {
      // Another call may have been here before.
      const now = await current(signal);
      if (now !== refused) {
        return now;
      }
      const next = await beforeAbort(refresh(), signal);
      return next === refused ? undefined : next;
    },
  };
}

async function ask(source: TokenSource, refresh: boolean): Promise<string> {
  return source({ refresh });
}

/** Waits for a promise, but no longer than for the signal: its reason is raised then. */
function beforeAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason);
    const settle = () => signal.removeEventListener("abort", leave);
    if (signal.aborted) {
      leave();
    }
    signal.addEventListener("abort", leave, { once: true });
    promise.then(resolve, reject).finally(settle);
  });
}
