import { isLoopback } from "../../contract/loopback.ts";

/**
 * Returns the URLs that mean a server which listens at `url`: that one and, on this machine alone, the other names
 * of it. Behind a proxy, or on every address of a machine, the server must be told.
 */
export function urlsOfListener(url: string): readonly string[] {
  const { protocol, hostname, port } = new URL(url);
  if (!isLoopback(hostname)) {
    return [url];
  }
  const suffix = port === "" ? "" : `:${port}`;
  const names = ["localhost", "127.0.0.1", "[::1]"].map((host) => `${protocol}//${host}${suffix}`);
  return [url, ...names.filter((each) => each !== url)];
}

/**
 * Returns the URL by which a client reached the server: the one of its own whose host is that of the request, else the
 * first. What a request says is only compared, never repeated.
 */
export function publicUrlOf(publicUrls: readonly string[], host: string | undefined): string {
  const asked = publicUrls.find((url) => {
    const own = new URL(url);
    // With the scheme, so that a port that is the scheme's own need not be written.
    return host !== undefined && URL.parse(`${own.protocol}//${host}`)?.host === own.host;
  });
  const [first = ""] = publicUrls;
  return asked ?? first;
}
