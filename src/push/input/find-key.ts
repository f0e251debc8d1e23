/** Characters of words and numbers, of which a key must not be a part. */
const inWord = "[\\p{L}\\p{M}\\p{N}_]";

/** Escapes end in characters of words, but stand for separators. */
const escapeBefore = "%[0-9a-fA-F]{2}|\\\\u[0-9a-fA-F]{4}|\\\\[bfnrt]";

/** Keys with fewer characters occur in times and fractions. */
const longKey = 8;

/**
 * Replaces a user key in a text, also if it is percent-encoded, escaped as in JSON, or in Base64. Finds whole keys only:
 * not the key 4155 in 14155, A4155 or 12:41.4155.
 */
export function replaceKey(text: string, userKey: string, replacement: string): string {
  // No form is shorter than the key.
  if (userKey.length > text.length) {
    return text;
  }
  const bytes = Buffer.from(userKey);
  const base64 = [unpadded(bytes, "base64"), unpadded(bytes, "base64url")];
  // Nearly all texts have no key, and compiling the pattern takes much longer than this.
  const mayHaveKey = /[%\\]/.test(text) || [userKey, ...base64].some((form) => text.includes(form));
  // A function, because the end of a key may look like a replacement pattern, such as $&.
  return mayHaveKey ? text.replace(patternOf(userKey, base64), () => replacement) : text;
}

function patternOf(userKey: string, base64: readonly string[]): RegExp {
  const raw = Array.from(userKey, formsOfCharacter).join("");
  const forms = [raw, ...base64.map(literal)].join("|");
  const isShort = userKey.length < longKey;
  const start = [
    new RegExp(`^${inWord}`, "u").test(userKey) ? `(?<=^|(?!${inWord})[^]|${escapeBefore})` : "",
    isShort && /^\d/.test(userKey) ? "(?<!\\d[-.:])" : "",
  ];
  const end = [
    new RegExp(`${inWord}$`, "u").test(userKey) ? `(?!${inWord})` : "",
    isShort && /\d$/.test(userKey) ? "(?![-.:]\\d)" : "",
  ];
  return new RegExp(`${start.join("")}(?:${forms})=*${end.join("")}`, "gu");
}

function unpadded(bytes: Buffer, encoding: "base64" | "base64url"): string {
  return bytes.toString(encoding).replace(/=+$/, "");
}

/** Returns the pattern of a character: as it is, percent-encoded up to three times, or escaped as in JSON. */
function formsOfCharacter(character: string): string {
  const encoded = Array.from(Buffer.from(character), (byte) => `%(?:25){0,2}${anyCase(byte, 2)}`);
  const units = Array.from(character.split(""), (unit) => `\\\\u${anyCase(unit.charCodeAt(0), 4)}`);
  const forms = [
    literal(character),
    encoded.join(""),
    units.join(""),
    // JSON allows \/ for a slash.
    literal(JSON.stringify(character).slice(1, -1)),
    literal(`\\${character}`),
  ];
  return `(?:${[...new Set(forms)].join("|")})`;
}

/** Returns the pattern of a text as it is. */
function literal(text: string): string {
  return Array.from(text, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`).join("");
}

/** Returns the pattern of a number in hexadecimal digits of any case. */
function anyCase(number: number, length: number): string {
  const digits = number.toString(16).padStart(length, "0");
  return digits.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}
