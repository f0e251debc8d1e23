import { ConnectError } from "@connectrpc/connect";
import { errors } from "jose";
import type { Rejected } from "../verified-token.ts";

/** Returns the rejection of a JWT that does not verify. Rethrows a ConnectError: the JWT cannot be verified now. */
export function rejectionFor(error: unknown): Rejected {
  if (error instanceof ConnectError) {
    throw error;
  }
  return { rejected: describe(error) };
}

/** Names claims, never their values. */
function describe(error: unknown): string {
  if (error instanceof errors.JWTExpired) {
    return "the access token has expired: fetch a new one";
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === "nbf" ? "the access token is not valid yet" : invalidClaim(error.claim);
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return "the access token has an invalid signature";
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return "the access token is signed with an algorithm that is not accepted";
  }
  if (error instanceof errors.JWKSNoMatchingKey) {
    return "the access token is signed with an unknown key";
  }
  return "the access token is malformed";
}

/** Returns why a token with a claim that is missing or wrong is rejected. */
export function invalidClaim(claim: string): string {
  return `the access token has a missing or invalid claim: ${claim}`;
}
