import type { Principal } from "./principal.ts";

/** Why a token is refused, in words for people that tell nothing secret. */
export type Refused = {
  readonly refused: string;
  /** Until when the token may be refused again without a new verification, in ms since the epoch. */
  readonly keepUntilMs?: number;
};

/** A token that its issuer stands for. */
export type Verified = {
  /** Until when this may be used again without a new verification, in ms since the epoch. */
  readonly keepUntilMs: number;
  /** Returns who the token speaks for now: asked at every call, so that a revocation takes effect. */
  principal(): Principal | Refused;
};

/**
 * Verifies tokens of one kind of issuer. Rejects with CREDENTIALS_UNVERIFIABLE if that cannot be done now; whatever
 * else the token may be, it is refused by value.
 */
export type TokenSource = { verify(token: string): Promise<Verified | Refused> };
