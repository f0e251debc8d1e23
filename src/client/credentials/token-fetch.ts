import type { gaxios } from "google-auth-library";
import { createAgent } from "../../network/agent.ts";
import { createNodeFetch } from "../node-fetch.ts";

/** Time for the answer of a token endpoint, in milliseconds. */
const timeoutMs = 30_000;

/**
 * Creates the `fetch` with which Google's library sends assertions and other credentials: it follows no redirect, and
 * goes through the proxy that the environment names. `ca` has PEM certificates to trust instead of the well-known ones.
 */
export function createTokenFetch(ca: string | undefined): typeof globalThis.fetch {
  return async function tokenFetch(input, init) {
    // Serializes the body and adds its content type.
    const request = new Request(input, init);
    const url = new URL(request.url);
    const send = createNodeFetch(createAgent(url, ca));
    return send(url, {
      method: request.method,
      headers: request.headers,
      body: request.body && Buffer.from(await request.arrayBuffer()),
      signal: AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs)]),
    }).catch((error: Error) => {
      error.message = `${url.host}: ${error.message}`;
      throw error;
    });
  };
}

/**
 * Throws the error of Google's library: as TypeError if another attempt does not change it, because the endpoint redirects
 * or the environment names no proxy.
 */
export function throwTokenError(error: gaxios.GaxiosError): never {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof TypeError) {
      throw cause;
    }
  }
  const { status = 0, headers } = error.response ?? {};
  if (status >= 300 && status < 400) {
    const url = new URL(error.config.url ?? "");
    const location = headers?.get("location") ?? "";
    const to = URL.canParse(location, url.href) ? ` to ${new URL(location, url).host}` : "";
    throw new TypeError(
      `${url.host} answered ${status}, a redirect${to}: credentials are not sent there; ` +
        "check token_uri of the key file, and proxies in front of this URL",
    );
  }
  throw error;
}

/** What a client of Google's library sends with, and the clients inside it. */
type Sending = {
  transporter?: { defaults: { fetchImplementation?: typeof globalThis.fetch } };
  sourceClient?: Sending;
  stsCredential?: Sending;
};

/** Lets a client of Google's library send everything with one `fetch`. The clients inside it take no options. */
export function useFetch(client: object, fetch: typeof globalThis.fetch): void {
  const { transporter, sourceClient, stsCredential } = client as Sending;
  if (transporter !== undefined) {
    transporter.defaults.fetchImplementation = fetch;
  }
  for (const inner of [sourceClient, stsCredential]) {
    if (inner !== undefined) {
      useFetch(inner, fetch);
    }
  }
}
