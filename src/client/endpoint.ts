import { isConfidential, isLoopback } from "../contract/loopback.ts";
import { closestMatch, didYouMean } from "../contract/unknown-names/did-you-mean.ts";

/** Google's hosts, by their names in Google's documentation. They accept pushes only, over REST only. */
export type GoogleEndpoint = "production" | "preproduction";

const googleUrls: Readonly<Record<GoogleEndpoint, string>> = {
  production: "https://mobiledataplansharing.googleapis.com",
  preproduction: "https://preprod-mobiledataplansharing.googleapis.com",
};

/** Returns the name or URL that was perhaps meant. Suggests nothing for a text that may contain a password. */
function meantBy(text: string): string | undefined {
  const names = Object.keys(googleUrls);
  const name = names.find((each) => text.length >= 3 && each.startsWith(text.toLowerCase()));
  if (name !== undefined) {
    return name;
  }
  const [, host = ""] = /^([\w-]+(?:\.[\w-]+)*)(?::\d{1,5})?(?:\/[\w./-]*)?$/.exec(text) ?? [];
  if (isLoopback(host)) {
    return `http://${text}`;
  }
  return closestMatch(text, names) ?? (host.includes(".") ? `https://${text}` : undefined);
}

/**
 * Returns the URL for a name or a URL, without a trailing slash, and whether it is Google's. Throws TypeError for a URL
 * that would carry the token in cleartext to another machine, or that has parts other than a host, a port and a path.
 */
export function endpointOf(endpoint: string): { url: string; google: boolean } {
  const text = Object.hasOwn(googleUrls, endpoint) ? googleUrls[endpoint as GoogleEndpoint] : endpoint;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !isConfidential(url)) {
    throw new TypeError(
      `endpoint: ${endpoint} must be an https URL, "production" or "preproduction"; http is allowed for loopback ` +
        `addresses only, because access tokens are readable on the wire${didYouMean(meantBy(endpoint))}`,
    );
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    // The message must not quote the URL, which may contain a password.
    throw new TypeError(`endpoint: the URL for ${url.host} must have no user, password, query or fragment`);
  }
  return { url: text.replace(/\/+$/, ""), google: /(^|\.)googleapis\.com$/.test(url.hostname) };
}
