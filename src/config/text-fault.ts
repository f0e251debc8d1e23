/** Raised when a text is no value of the setting that it was given for; the message says what would be. */
export class TextFault extends Error {
  override readonly name = "TextFault";
}

/** Makes the fault of a text, which it quotes: never that of a setting with a secret. */
export function textFault(text: string, expected: string): TextFault {
  return new TextFault(`${JSON.stringify(text)} is invalid. It must be ${expected}.`);
}
