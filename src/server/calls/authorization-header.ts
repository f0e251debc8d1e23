import type { HttpRequest } from "../http-handler.ts";

/**
 * Joins several Authorization headers into one. Node drops all but the first, so a proxy that reads the last one and
 * this server would see different callers. The request gate rejects the joined value (RFC 9110 5.3).
 */
export function joinAuthorization(request: HttpRequest): void {
  const { rawHeaders } = request;
  const values: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    // Comparing the length first is cheaper: most headers fail it.
    if (name.length === 13 && name.toLowerCase() === "authorization") {
      values.push(rawHeaders[at + 1] as string);
    }
  }
  if (values.length > 1) {
    request.headers.authorization = values.join(", ");
  }
}
