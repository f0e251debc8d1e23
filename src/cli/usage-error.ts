/** Raised for a command that cannot be carried out as given. The message says what to change. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
