/** The parts of a request target that routing needs, both raw. */
export type RequestTarget = {
  readonly path: string;
  /** Without the `?`; "" if there is none. */
  readonly query: string;
};

const authority = /^https?:\/\/[^/?#]*/i;

/**
 * Splits a request target as it came over the wire. Not by `new URL()`, which would resolve dot segments and turn
 * backslashes before anybody looked at them. The absolute form (RFC 9112 3.2.2) loses its scheme and authority.
 */
export function parseRequestTarget(target: string): RequestTarget {
  const relative = target.startsWith("/") ? target : target.replace(authority, "");
  const mark = relative.indexOf("?");
  const path = mark === -1 ? relative : relative.slice(0, mark);
  return { path: path === "" ? "/" : path, query: mark === -1 ? "" : relative.slice(mark + 1) };
}
