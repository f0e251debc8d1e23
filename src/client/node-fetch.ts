import { type Agent, type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { Readable } from "node:stream";

/**
 * Returns the part of `fetch` that the REST transport uses, over node:http and node:https, because an agent knows
 * what Node's own fetch cannot be told without another package: which certificates to trust. It follows no redirect,
 * asks for no compression, and rejects with the error of the socket itself.
 */
export function createNodeFetch(agent: Agent): typeof globalThis.fetch {
  return (input, { method = "GET", headers, body, signal } = {}) =>
    new Promise((resolve, reject) => {
      const url = new URL(input instanceof Request ? input.url : input);
      const send = url.protocol === "https:" ? requestHttps : requestHttp;
      const request: ClientRequest = send(url, {
        agent,
        method,
        headers: Object.fromEntries(new Headers(headers)),
        ...(signal && { signal }),
      });
      request.once("response", (response) => resolve(responseOf(response)));
      // Not once: what comes after the response is its reader's, but must not go unheard.
      request.on("error", reject);
      request.end(body ?? undefined);
    });
}

/** Statuses whose responses have no body (Fetch standard, "null body status"). */
const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);

function responseOf(message: IncomingMessage): Response {
  const status = message.statusCode ?? 0;
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(message.headersDistinct)) {
    for (const value of values) {
      headers.append(name, value);
    }
  }
  if (bodiless.has(status)) {
    message.resume();
    return new Response(null, { status, headers });
  }
  return new Response(Readable.toWeb(message) as ReadableStream<Uint8Array>, { status, headers });
}
