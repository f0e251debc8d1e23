import { isLoopback } from "../contract/loopback.ts";

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
