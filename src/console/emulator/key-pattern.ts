/** Longest pattern that the emulator takes, in characters. */
const maxPattern = 4096;

/**
 * Returns the pattern that only this key matches. That of a key with thousands of stars would be too long; it ends earlier,
 * and matches keys with the same beginning too.
 */
export function exactPattern(userKey: string): string {
  const pattern = escaped(userKey);
  if (lengthOf(pattern) <= maxPattern) {
    return pattern;
  }
  const beginning = [...userKey].slice(0, maxPattern / 2 - 1).join("");
  return `${escaped(beginning)}*`;
}

function escaped(text: string): string {
  return text.replace(/[*\\]/g, "\\$&");
}

/**
 * Returns the pattern that a search asks for: a text without `*` and `\` may be any part of a key, because who searches
 * seldom has the whole key at hand.
 */
export function searchPattern(text: string): string {
  const isPattern = text === "" || /[*\\]/.test(text) || lengthOf(text) > maxPattern - 2;
  return isPattern ? text : `*${text}*`;
}

/** Returns the number of characters, as the contract counts them. */
function lengthOf(text: string): number {
  return [...text].length;
}
