import type { RequestListener } from "../http-handler.ts";

/**
 * Makes a second Authorization header visible. Node drops all but the first, so that a proxy which looks at the last
 * one and this server would see different callers; joined as RFC 9110 5.3 says they are one that the gate refuses.
 */
export function joinAuthorization(request: Parameters<RequestListener>[0]): void {
  const { rawHeaders } = request;
  const values: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    // The length first: it spares most headers the rest.
    if (name.length === 13 && name.toLowerCase() === "authorization") {
      values.push(rawHeaders[at + 1] as string);
    }
  }
  if (values.length > 1) {
    request.headers.authorization = values.join(", ");
  }
}
