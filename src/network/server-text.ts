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

/** Statuses that say about a path or a method that it does not exist. Other servers send them for good. */
export const absentStatuses: readonly number[] = [404, 405, 410, 501];

/** Returns a media type for a message, after a space; an empty text if there is none. */
export function typeOf(contentType: unknown): string {
  return typeof contentType === "string" ? ` ${contentType.split(";", 1)[0]?.trim()}` : "";
}

/** Returns where a redirect leads, from its Location: the origin only, because the path may have the user key. */
export function redirectTarget(location: unknown): string {
  return typeof location === "string" && URL.canParse(location)
    ? new URL(location).origin
    : "another path of the same host";
}

/** Bytes of an answer in which its first words are looked for. */
const maxReadLength = 8 * 1024;

/** Longest text of a page that is shown, in characters. */
const maxWordsLength = 100;

/**
 * Returns the first words of a page without its markup, in quotes after a space; an empty text if it has none. They are
 * not masked or escaped yet.
 */
export function quoteWords(body: Buffer, coding = ""): string {
  if (coding !== "" && coding !== "identity") {
    return "";
  }
  const text = body
    .toString("utf8", 0, maxReadLength)
    .replaceAll(/<(script|style)\b[\s\S]*?(?:<\/\1\s*>|$)|<!--[\s\S]*?(?:-->|$)|<[^>]*(?:>|$)/gi, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
  // Whole words only: half a user key or access token would not be found and masked.
  const whole = text.length <= maxWordsLength && body.length <= maxReadLength;
  const words = whole ? text : shortenText(text, maxWordsLength).replace(/\S*…?$/, "…");
  return words === "" ? "" : ` "${words}"`;
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
