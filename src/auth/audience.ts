/** Returns the URLs of the server as clients see them, without a trailing slash. */
export type PublicUrls = () => readonly string[];

/** The token endpoint of Google. */
export const googleTokenUri = "https://oauth2.googleapis.com/token";

/**
 * Returns whether `aud` of an assertion names the token endpoint of this server. Google's token endpoint is accepted as
 * well, because Google's library for Node always uses it and ignores `token_uri` of the key file. The assertion must
 * still be signed by an account of this server.
 */
export function isTokenAudience(aud: unknown, publicUrls: PublicUrls): boolean {
  return aud === googleTokenUri || publicUrls().some((url) => aud === `${url}/token`);
}

/**
 * Returns whether `aud` of a self-signed token names this server (AIP-4111): the URL of the service or of one of its
 * methods. gRPC libraries write `https` even without TLS. The token endpoint does not count, because a leaked assertion
 * must not work as an access token (RFC 8725 3.12). Neither do other paths of the host if the server has one of its own,
 * because these are other services.
 */
export function isServiceAudience(aud: unknown, publicUrls: PublicUrls): boolean {
  if (typeof aud !== "string" || !URL.canParse(aud)) {
    return false;
  }
  const { protocol, host, pathname } = new URL(aud);
  const servers = publicUrls()
    .map((url) => new URL(url))
    .filter((own) => own.host === host && (own.protocol === protocol || protocol === "https:"))
    .map((own) => (own.pathname === "/" ? "" : own.pathname));
  return (
    servers.some((path) => pathname === path || pathname.startsWith(`${path}/`)) &&
    !servers.some((path) => pathname === `${path}/token`)
  );
}
