import type { Principal } from "./principal.ts";

/** A token that does not verify. */
export type Rejected = {
  /** Why, for people. Contains nothing secret. */
  readonly rejected: string;
  /** Until when the result may be cached, in ms since the epoch. */
  readonly cacheUntilMs?: number;
};

/** A token that verifies. */
export type Verified = {
  /** Until when the result may be cached, in ms since the epoch. */
  readonly cacheUntilMs: number;
  /** Returns the caller. Called for every request, so that revocations take effect. */
  principal(): Principal | Rejected;
};

/**
 * Verifies the tokens of one kind of issuer. Returns `Rejected` for every token that does not verify. Rejects with
 * CREDENTIALS_UNVERIFIABLE if a token cannot be verified now.
 */
export type TokenSource = { verify(token: string): Promise<Verified | Rejected> };
