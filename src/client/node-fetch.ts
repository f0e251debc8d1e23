import { type Agent, type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { Readable } from "node:stream";

/**
 * Creates the `fetch` of the REST transport. Unlike Node's own, it takes an agent, and with it certificates to trust. It
 * does not follow redirects or request compression, and rejects with the socket's own error.
 */
export function createNodeFetch(agent: Agent): typeof globalThis.fetch {
  return function nodeFetch(input, { method = "GET", headers, body, signal } = {}) {
    return new Promise((resolve, reject) => {
      const url = new URL(input instanceof Request ? input.url : input);
      const send = url.protocol === "https:" ? requestHttps : requestHttp;
      const request: ClientRequest = send(url, {
        agent,
        method,
        headers: Object.fromEntries(new Headers(headers)),
        ...(signal && { signal }),
      });
      request.once("response", (response) => resolve(responseOf(response)));
      // Not `once`: errors after the response reach its reader, but without a listener they would end the process.
      request.on("error", reject);
      request.end(body ?? undefined);
    });
  };
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
