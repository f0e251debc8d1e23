/**
 * Whether a token has the form of a signed JWT in its only spelling (RFC 7515 2, 7.1): three parts in base64url without
 * padding, blanks and unused bits. jose decodes other spellings too, so that one signature would fit many tokens.
 */
export function isCanonicalJwt(token: string): boolean {
  const parts = token.split(".");
  return parts.length === 3 && parts.every(isCanonicalBase64Url);
}

function isCanonicalBase64Url(text: string): boolean {
  return Buffer.from(text, "base64url").toString("base64url") === text;
}
