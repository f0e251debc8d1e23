/** Thrown when a file cannot be imported. The message says what to do. */
export class ImportFileError extends Error {
  override readonly name = "ImportFileError";
}
