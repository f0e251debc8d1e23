/** Thrown when an export cannot start or continue. The message says what to do. */
export class ExportError extends Error {
  override readonly name = "ExportError";
}
