import { hash } from "node:crypto";
import { decodeJwt } from "jose";
import type { Clock } from "../contract/clock.ts";
import type { Principal } from "./principal.ts";
import type { Refused, TokenSource, Verified } from "./verified-token.ts";

/** Returns who a token speaks for, or why it is refused. Rejects with CREDENTIALS_UNVERIFIABLE. */
export type VerifyToken = (token: string) => Promise<Principal | Refused>;

export type TokenVerifierOptions = {
  clock: Clock;
  /** Returns who verifies the JWTs of an issuer (`iss`). */
  sourceOf(issuer: string): TokenSource | undefined;
  /** Verifies what is no JWT. */
  opaque?: TokenSource | undefined;
};

/** A longer token is refused unread, in characters. Some gateways let through 8 KiB of headers in all. */
const longestToken = 8_192;
/**
 * Tokens kept in memory, and refused ones likewise. A pusher uses one token for an hour; its signature is checked once.
 */
const mostKept = 10_000;

/**
 * Creates the verification of tokens of all kinds. What was verified is kept by the token's digest, so that neither a
 * look into memory shows a token nor the time of a look-up tells of one. Who asks about the same token meanwhile waits
 * for the same verification.
 */
export function createTokenVerifier({ clock, sourceOf, opaque }: TokenVerifierOptions): VerifyToken {
  const verified = createKeeper<Verified>(clock);
  // Apart, so that a flood of wrong tokens does not drive out the good ones.
  const refused = createKeeper<Refused>(clock);
  const running = new Map<string, Promise<Verified | Refused>>();

  async function verify(token: string, digest: string): Promise<Verified | Refused> {
    const issuer = issuerOf(token);
    const source = issuer === undefined ? opaque : sourceOf(issuer);
    if (source === undefined) {
      return { refused: `the access token is ${issuer === undefined ? "malformed" : "of no known issuer"}` };
    }
    const result = await source.verify(token);
    if ("refused" in result) {
      refused.keep(digest, result);
    } else {
      verified.keep(digest, result);
    }
    return result;
  }

  return async (token) => {
    if (token.length > longestToken) {
      return { refused: `the access token has more than ${longestToken} characters` };
    }
    const digest = hash("sha256", token, "base64");
    const known = verified.get(digest);
    if (known !== undefined) {
      return known.principal();
    }
    const wrong = refused.get(digest);
    if (wrong !== undefined) {
      return wrong;
    }
    let verification = running.get(digest);
    if (verification === undefined) {
      verification = verify(token, digest).finally(() => running.delete(digest));
      running.set(digest, verification);
    }
    const result = await verification;
    return "refused" in result ? result : result.principal();
  };
}

/** Keeps values until their time; of too many the oldest goes. */
function createKeeper<Value extends { readonly keepUntilMs?: number }>(clock: Clock) {
  const kept = new Map<string, Value>();
  return {
    get(digest: string): Value | undefined {
      const value = kept.get(digest);
      if (value !== undefined && clock.now() >= (value.keepUntilMs ?? 0)) {
        kept.delete(digest);
        return undefined;
      }
      return value;
    },
    keep(digest: string, value: Value): void {
      if (value.keepUntilMs === undefined) {
        return;
      }
      if (kept.size >= mostKept) {
        // Maps keep the order of insertion: the first is the oldest.
        kept.delete(kept.keys().next().value as string);
      }
      kept.set(digest, value);
    },
  };
}

/** Returns what a token says of its issuer, unverified; undefined if it is no JWT that names one. */
function issuerOf(token: string): string | undefined {
  try {
    const { iss } = decodeJwt(token);
    return typeof iss === "string" ? iss : undefined;
  } catch {
    return undefined;
  }
}
