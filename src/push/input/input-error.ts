/** Raised when an input cannot be read, is of another format, or has changed. The message says what to do. */
export class InputError extends Error {
  override readonly name = "InputError";
}
