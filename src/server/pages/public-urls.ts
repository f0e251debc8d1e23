import type { PublicUrls } from "../../auth/audience.ts";
import { isLoopback } from "../../contract/loopback.ts";
import { parseServerUrl } from "../../contract/server-url.ts";

/** The public URLs of a server, which may be known only once its port is open. */
export type PublicUrlSource = {
  /** Returns the configured URLs or, without any, those of the port; none before it is open. */
  readonly current: PublicUrls;
  /** Takes the URL of the port. */
  listeningAt(url: string): void;
};

/** Creates the public URLs of a server. Behind a proxy, or on all addresses of a machine, they must be configured. */
export function createPublicUrls(configured: readonly string[] = []): PublicUrlSource {
  let urls: readonly string[] = configured.map(requireServerUrl);
  return {
    current: () => urls,
    listeningAt(url) {
      if (configured.length === 0) {
        urls = urlsOfListener(url);
      }
    },
  };
}

function requireServerUrl(text: string): string {
  const parsed = parseServerUrl(text);
  if ("problem" in parsed) {
    throw new TypeError(`auth.publicUrls: ${parsed.problem}`);
  }
  return parsed.url;
}

/** Returns the URL of a port and, on a loopback address, the same with the other names of this machine. */
function urlsOfListener(url: string): readonly string[] {
  const { protocol, hostname, port } = new URL(url);
  if (!isLoopback(hostname)) {
    return [url];
  }
  const suffix = port === "" ? "" : `:${port}`;
  const names = ["localhost", "127.0.0.1", "[::1]"].map((host) => `${protocol}//${host}${suffix}`);
  return [url, ...names.filter((each) => each !== url)];
}

/**
 * Returns the public URL by which a client reached the server: the one with the host of the request, else the first. The
 * host is only compared and never copied, because clients choose it.
 */
export function publicUrlOf(publicUrls: readonly string[], host: string | undefined): string {
  const requested = publicUrls.find((url) => {
    const own = new URL(url);
    // With the scheme, so that its default port may be omitted.
    return host !== undefined && URL.parse(`${own.protocol}//${host}`)?.host === own.host;
  });
  const [first = ""] = publicUrls;
  return requested ?? first;
}
