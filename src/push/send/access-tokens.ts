/** The access tokens of a run. */
export type AccessTokens = {
  current(): string | Promise<string>;
  /** Reports that a server has accepted a token. */
  accepted(token: string): void;
  /**
   * Reports that a server has rejected a token. Resolves with whether there is another one to try: a new token is
   * fetched once, and if that is rejected too, there is none.
   */
  rejected(token: string): Promise<boolean>;
};

/** Creates tokens that are always the same one. */
export function fixedToken(token: string): AccessTokens {
  return { current: () => token, accepted: () => undefined, rejected: async () => false };
}

/** How long a token is used before its source is asked again, in milliseconds. The source renews it before it expires. */
const reuseMs = 10_000;

/** Creates tokens from a source such as `googleCredentials`. `open` creates a source that has no token yet. */
export function renewableTokens(open: () => () => Promise<string>): AccessTokens {
  let source = open();
  let latest: Promise<string> | undefined;
  let known: string | undefined;
  let fetchedAt = 0;
  /** Whether the latest token replaces a rejected one and has not been accepted yet. */
  let isOnTrial = false;

  function fetchToken(): Promise<string> {
    fetchedAt = Date.now();
    const fetched = source().then(
      (token) => {
        if (latest === fetched) {
          known = token;
        }
        return token;
      },
      (error: unknown) => {
        if (latest === fetched) {
          latest = undefined;
        }
        throw error;
      },
    );
    latest = fetched;
    return fetched;
  }

  return {
    current() {
      if (latest === undefined || Date.now() - fetchedAt > reuseMs) {
        return fetchToken();
      }
      return known ?? latest;
    },
    accepted(token) {
      isOnTrial &&= token !== known;
    },
    async rejected(token) {
      if (latest !== undefined && token !== (await latest)) {
        return true;
      }
      if (isOnTrial) {
        return false;
      }
      isOnTrial = true;
      known = undefined;
      source = open();
      await fetchToken();
      return true;
    },
  };
}
