import { Code, ConnectError } from "@connectrpc/connect";
import type { ExpandedRequest } from "./expand-request.ts";
import { readError } from "./response-reader.ts";

/** What a call gives its HTTP request beside the message. */
export type SendContext = { readonly header: Headers; readonly signal: AbortSignal };

/**
 * Sends one request and reads a response of 2xx by `read`; every other is raised as the error that it is. `accept`
 * is for requests that name none. Whatever fetch raises leaves as a ConnectError:
 * UNAVAILABLE, or the reason of the signal; `mend` does the same for what `read` goes on to do later.
 */
export type Sender = <T>(
  request: ExpandedRequest,
  context: SendContext,
  accept: string,
  read: (response: Response, mend: (cause: unknown) => ConnectError) => Promise<T>,
) => Promise<{ headers: Headers; result: T }>;

/** Creates the sender. Raises INVALID_ARGUMENT for a content type that no header can carry. */
export function createSender(baseUrl: string, fetch: typeof globalThis.fetch): Sender {
  const base = baseUrl.replace(/\/+$/, "");
  return async (request, { header, signal }, accept, read) => {
    const mend = (cause: unknown) => failureOf(cause, signal);
    const url = `${base}${request.path}${request.query === "" ? "" : `?${request.query}`}`;
    const headers = headersOf(request, header, accept);
    try {
      const response = await fetch(url, {
        method: request.httpMethod,
        headers,
        body: bodyOf(request),
        signal,
        redirect: "error",
      });
      if (!response.ok) {
        throw await readError(response);
      }
      return { headers: response.headers, result: await read(response, mend) };
    } catch (cause) {
      throw mend(cause);
    }
  };
}

/** A copy, for an interceptor may send the same request again by another binding. */
function headersOf(request: ExpandedRequest, given: Headers, accept: string): Headers {
  const headers = new Headers(given);
  // It describes this body and no other; some proxies refuse it on a request without one.
  headers.delete("content-type");
  if (request.raw !== undefined) {
    try {
      headers.set("content-type", request.raw.contentType);
    } catch (cause) {
      const text = "the content type of the body is no header value";
      throw new ConnectError(text, Code.InvalidArgument, undefined, undefined, cause);
    }
  } else if (request.body !== undefined) {
    headers.set("content-type", "application/json");
  }
  if (!headers.has("accept")) {
    headers.set("accept", accept);
  }
  return headers;
}

function bodyOf({ raw, body }: ExpandedRequest): string | Uint8Array<ArrayBuffer> | null {
  if (raw !== undefined) {
    return raw.data as Uint8Array<ArrayBuffer>;
  }
  return body === undefined ? null : JSON.stringify(body);
}

function failureOf(cause: unknown, signal: AbortSignal): ConnectError {
  // fetch raises an AbortError that has forgotten whether it was the caller or the clock.
  if (signal.aborted) {
    return ConnectError.from(signal.reason, Code.Canceled);
  }
  if (cause instanceof ConnectError) {
    return cause;
  }
  const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const text = reason instanceof Error ? reason.message : String(reason);
  return new ConnectError(`the request failed: ${text}`, Code.Unavailable, undefined, undefined, cause);
}
