import { createContextKey } from "@connectrpc/connect";

/** The parts of a request's head that decide who calls. */
export type RequestHead = {
  /** The header `Authorization`; undefined if there is none. */
  readonly authorization: string | undefined;
  /** Path and query, as they were sent. */
  readonly target: string;
  /** The version of HTTP, such as `1.1` or `2.0`; undefined if it is unknown. */
  readonly httpVersion?: string | undefined;
  /** The connection that the request came over, the same object for all of its requests; undefined if it is unknown. */
  readonly connection?: object | undefined;
};

/**
 * Context value with the head of a request. Unlike `requestHeader` and `url` of the context it takes no time to create, which
 * every call would spend. Undefined if nobody has set it.
 */
export const requestHeadKey = createContextKey<RequestHead | undefined>(undefined, {
  description: "head of the request",
});
