export type RequestTarget = {
  /** Not decoded, like `query`. */
  readonly path: string;
  /** Without the `?`; "" if there is none. */
  readonly query: string;
};

const authority = /^https?:\/\/[^/?#]*/i;

/**
 * Splits a request target. Does not use `new URL()`, which resolves dot segments and replaces backslashes. Drops scheme
 * and authority of the absolute form (RFC 9112 3.2.2).
 */
export function parseRequestTarget(target: string): RequestTarget {
  const relative = target.startsWith("/") ? target : target.replace(authority, "");
  const mark = relative.indexOf("?");
  const path = mark === -1 ? relative : relative.slice(0, mark);
  return { path: path === "" ? "/" : path, query: mark === -1 ? "" : relative.slice(mark + 1) };
}
