import { errors } from "jose";

/** Says why a JWT did not verify. Names claims, never their values. */
export function faultOfJwt(error: unknown): string {
  if (error instanceof errors.JWTExpired) {
    return "the access token has expired";
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === "nbf"
      ? "the access token is not valid yet"
      : `the access token is not valid here: ${error.claim}`;
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return "the access token is signed by another issuer";
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return "the access token is signed with an algorithm that is not accepted";
  }
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) {
    return "the access token names no key of its issuer";
  }
  return "the access token is malformed";
}
