import type { ConnectError } from "@connectrpc/connect";
import { ErrorReason } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError } from "../contract/api-error.ts";
import type { Principal } from "./principal.ts";

/** A token that does not verify. */
export type Rejected = {
  /** Why. Contains nothing secret. */
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

/** Verifies the tokens of one kind of issuer. Rejects with CREDENTIALS_UNVERIFIABLE if it cannot verify a token now. */
export type Verifier = (token: string) => Promise<Verified | Rejected>;

/** Returns CREDENTIALS_UNVERIFIABLE, which callers may retry after a second. */
export function unverifiable(message: string, cause: unknown): ConnectError {
  return apiError(ErrorReason.CREDENTIALS_UNVERIFIABLE, { message, retryAfterMs: 1_000, cause });
}
