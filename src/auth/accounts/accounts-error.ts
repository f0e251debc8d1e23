/** Thrown when the list of service accounts cannot be used. The message says what to do. */
export class ServiceAccountsError extends Error {
  override readonly name = "ServiceAccountsError";
}
