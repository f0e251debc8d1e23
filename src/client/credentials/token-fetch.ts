import type { gaxios } from "google-auth-library";
import { createAgent } from "../../network/agent.ts";
import { connectionProblem } from "../../network/connection-error.ts";
import { absentStatuses, quoteWords, typeOf } from "../../network/server-text.ts";
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
    const response = await send(url, {
      method: request.method,
      headers: request.headers,
      body: request.body && Buffer.from(await request.arrayBuffer()),
      signal: AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs)]),
    }).catch((error: Error) => {
      error.message = `${url.host}: ${connectionProblem(error).text}`;
      throw error;
    });
    return requireAnswer(url, response);
  };
}

/** Raised for an answer that is not one of a token endpoint, such as a proxy's page: nothing has rejected credentials. */
export class TokenEndpointError extends Error {
  override readonly name = "TokenEndpointError";
  /** Whether it cannot pass by itself: nothing has the path. */
  readonly isLasting: boolean;

  constructor(message: string, isLasting: boolean) {
    super(message);
    this.isLasting = isLasting;
  }
}

/** Returns a response unless it is not from a token endpoint. Redirects are left to `throwTokenError`. */
async function requireAnswer(url: URL, response: Response): Promise<Response> {
  const { status, headers } = response;
  const type = headers.get("content-type");
  if (status >= 300 && status < 400) {
    return response;
  }
  const body = Buffer.from(await response.arrayBuffer());
  // Some credentials are fetched as plain text.
  if (response.ok ? /\bhtml\b/i.test(type ?? "") : !isOauthError(body)) {
    const words = quoteWords(body, headers.get("content-encoding") ?? "");
    throw new TokenEndpointError(
      `${url.host} answered ${status}${typeOf(type ?? undefined)}${words}, which is not the answer of a token endpoint`,
      absentStatuses.includes(status),
    );
  }
  return new Response(body.length === 0 ? null : body, { status, headers });
}

function isOauthError(body: Buffer): boolean {
  try {
    return (JSON.parse(body.toString()) as { error?: unknown } | null)?.error !== undefined;
  } catch {
    return false;
  }
}

/**
 * Throws the error of Google's library: as TypeError if another attempt does not change it, because the endpoint redirects
 * or the environment names no proxy, and as TokenEndpointError if the answer was not one of a token endpoint.
 */
export function throwTokenError(error: gaxios.GaxiosError): never {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof TypeError || cause instanceof TokenEndpointError) {
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
