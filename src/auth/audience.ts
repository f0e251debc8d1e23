/** Returns the URLs under which clients reach the server, without a slash at the end. */
export type PublicUrls = () => readonly string[];

/** Where Google's servers take assertions. */
const googleTokenUri = "https://oauth2.googleapis.com/token";

/**
 * Says whether an assertion is meant for this server's token endpoint. Google's own URI is one too: Google's library
 * for Node writes it into every assertion, whatever `token_uri` of the key file says. The signature still has to be
 * that of an account of this server.
 */
export function isTokenAudience(aud: unknown, publicUrls: PublicUrls): boolean {
  const all = publicUrls().map((url) => `${url}/token`);
  return typeof aud === "string" && (aud === googleTokenUri || all.includes(aud));
}

/**
 * Says whether a self-signed token is meant for this server (AIP-4111): the URL of the service, or of one of its
 * methods. gRPC libraries write `https` also where the connection is not TLS. The token endpoint is not among them:
 * whoever gets hold of an assertion, perhaps used, must not have an access token (RFC 8725 3.12).
 */
export function isServiceAudience(aud: unknown, publicUrls: PublicUrls): boolean {
  if (typeof aud !== "string" || !URL.canParse(aud)) {
    return false;
  }
  const { protocol, host, pathname } = new URL(aud);
  if (pathname === "/token") {
    return false;
  }
  return publicUrls().some((url) => {
    const own = new URL(url);
    return own.host === host && (own.protocol === protocol || protocol === "https:");
  });
}
