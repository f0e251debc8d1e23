import { escapeInvisible, shortenText } from "../contract/field-violation.ts";

/** Longest text of a server that is read, in characters. */
const maxLength = 16 * 1024;

/** Characters in a row that make a part of a secret: fewer occur in other texts too. */
const partLength = 8;

/** Secrets with fewer characters are left: words have them. */
const minSecretLength = 6;

/** A signed token or assertion. Its first part is the JSON of a header, which begins with `{"`. */
const signedToken = /\beyJ[\w-]{8,}(?:\.[\w-]*){0,2}/g;

/**
 * Returns a text of a server as it may be written to a terminal or a file: without control and invisible characters, which
 * are escaped, and without a secret that it quotes, such as the access token of the request. Finds a secret also if it is
 * percent-encoded or cut, and any JSON Web Token.
 */
export function shownText(text: string, secret = ""): string {
  const read = shortenText(text.trim(), maxLength);
  return escapeInvisible(maskSecret(read, secret).replaceAll(signedToken, "***"));
}

function maskSecret(text: string, secret: string): string {
  if (secret.length < minSecretLength) {
    return text;
  }
  const length = Math.min(partLength, secret.length);
  const parts = new Set<string>();
  for (let at = 0; at + length <= secret.length; at++) {
    parts.add(secret.slice(at, at + length));
  }
  // Each match is a character, or three that stand for one.
  const characters = [...text.matchAll(/%[\da-f]{2}|[\s\S]/gi)];
  const plain = characters
    .map(([form]) => (form.length === 3 ? String.fromCharCode(Number.parseInt(form.slice(1), 16)) : form))
    .join("");
  let masked = "";
  for (let at = 0; at < characters.length; ) {
    let end = at;
    for (let from = at; from <= end && parts.has(plain.slice(from, from + length)); from++) {
      end = from + length;
    }
    masked += end === at ? characters[at]?.[0] : "***";
    at = end === at ? at + 1 : end;
  }
  return masked;
}
