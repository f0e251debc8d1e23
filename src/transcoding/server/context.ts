import { createContextKey } from "@connectrpc/connect";
import type { HttpBinding } from "../http/rules.ts";

/** Returns the decoded value of a field in the path, by proto name; undefined if the path has no such field. */
export type PathFields = (name: string) => string | undefined;

/**
 * The fields in the path of a REST request, which a request gate can read before the body is read. Undefined for calls
 * over other protocols.
 */
export const pathFieldsKey = createContextKey<PathFields | undefined>(undefined, {
  description: "fields in the path of a REST request",
});

/**
 * The binding of google.api.http that a REST request matched. Gates, interceptors and handlers can read it. Undefined
 * for calls over other protocols.
 *
 * ```ts
 * getBook(request, { values }) {
 *   const binding = values.get(httpBindingKey);
 *   // "GET /v1/books/{name}", 0 for the rule itself or n for its n-th additional binding
 *   log(`${binding?.httpMethod} ${binding?.template.source}`, binding?.index);
 * }
 * ```
 */
export const httpBindingKey = createContextKey<HttpBinding | undefined>(undefined, {
  description: "binding of google.api.http of a REST request",
});

/**
 * Sends the header of a stream before its first message, so that the caller knows that it has begun: for streams that may
 * have no message for long. Undefined for unary calls and for other protocols.
 */
export const openStreamKey = createContextKey<(() => void) | undefined>(undefined, {
  description: "sends the header of a REST stream",
});
