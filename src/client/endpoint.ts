import { isConfidential } from "../contract/loopback.ts";

/** Google's hosts by the names that its documentation gives them. They have the pushing side alone, over REST alone. */
export type GoogleEndpoint = "production" | "preproduction";

const googleUrls: Readonly<Record<GoogleEndpoint, string>> = {
  production: "https://mobiledataplansharing.googleapis.com",
  preproduction: "https://preprod-mobiledataplansharing.googleapis.com",
};

/** Where a client sends its calls. */
export type Endpoint = {
  /** Without a slash at its end. */
  readonly url: string;
  /** Whether it is one of Google's own hosts, which speak REST only. */
  readonly google: boolean;
};

/**
 * Returns the endpoint for a name or a URL. Raises TypeError for a URL that would carry the token in cleartext to
 * another machine, or that has more than a host, a port and a path.
 */
export function endpointOf(endpoint: string): Endpoint {
  const text = Object.hasOwn(googleUrls, endpoint) ? googleUrls[endpoint as GoogleEndpoint] : endpoint;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !isConfidential(url)) {
    throw new TypeError(
      `endpoint: ${endpoint} must be an https URL, "production" or "preproduction"; http would show the access ` +
        "token to everybody on the way, and is for this machine alone",
    );
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    // Not the text itself: there is a password in it.
    throw new TypeError(`endpoint: the URL for ${url.host} must have no user, password, query or fragment`);
  }
  return { url: text.replace(/\/+$/, ""), google: /(^|\.)googleapis\.com$/.test(url.hostname) };
}
