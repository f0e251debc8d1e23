import { googleCredentials } from "../../client/google-credentials.ts";

/** The access token of a run, and what to do when it is not accepted any more. */
export type AccessTokens = {
  current(): string | Promise<string>;
  /** A server has taken the token. */
  worked(token: string): void;
  /**
   * A server has not taken the token. Resolves with whether there is another one to try: a token is fetched anew
   * once, and if that is not taken either, there is none.
   */
  refused(token: string): Promise<boolean>;
};

/** Tokens of a fixed text: there is never another one. */
export function fixedToken(token: string): AccessTokens {
  return { current: () => token, worked: () => undefined, refused: async () => false };
}

/** How long a token is used, in milliseconds, before its source is asked again; it renews in good time. */
const keptMs = 10_000;

/** Tokens from a source, such as `googleCredentials`; `open` makes one that knows no token yet. */
export function renewableTokens(open: () => () => Promise<string>): AccessTokens {
  let source = open();
  let latest: Promise<string> | undefined;
  let known: string | undefined;
  let askedAt = 0;
  /** The latest token was fetched because another one was refused, and has not been taken yet. */
  let onTrial = false;

  function ask(): Promise<string> {
    askedAt = Date.now();
    const asked = source().then(
      (token) => {
        if (latest === asked) {
          known = token;
        }
        return token;
      },
      (error: unknown) => {
        if (latest === asked) {
          latest = undefined;
        }
        throw error;
      },
    );
    latest = asked;
    return asked;
  }

  return {
    current() {
      if (latest === undefined || Date.now() - askedAt > keptMs) {
        return ask();
      }
      return known ?? latest;
    },
    worked(token) {
      onTrial &&= token !== known;
    },
    async refused(token) {
      if (latest !== undefined && token !== (await latest)) {
        return true;
      }
      if (onTrial) {
        return false;
      }
      onTrial = true;
      known = undefined;
      source = open();
      await ask();
      return true;
    },
  };
}

/** Tokens that a key file gives. */
export function keyFileTokens(keyFile: string): AccessTokens {
  return renewableTokens(() => googleCredentials(keyFile));
}
