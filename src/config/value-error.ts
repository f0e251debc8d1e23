/** Raised when a text cannot be parsed. The message says what was expected. */
export class ValueError extends Error {
  override readonly name = "ValueError";
}
