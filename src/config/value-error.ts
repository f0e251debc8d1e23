/** Raised when a text cannot be parsed. The message says what was expected. */
export class ValueError extends Error {
  override readonly name = "ValueError";
}

/** Creates the error for the text of a setting. It quotes the text, so it must not be used for secrets. */
export function invalidValue(text: string, expected: string): ValueError {
  return new ValueError(`${JSON.stringify(text)} is invalid. It must be ${expected}.`);
}
