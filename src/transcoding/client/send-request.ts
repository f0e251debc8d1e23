import type { Registry } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ExpandedRequest } from "./expand-request.ts";
import { readError } from "./read-response.ts";

type SendContext = { readonly header: Headers; readonly signal: AbortSignal };

/** Converts what fetch raises into a ConnectError. */
export type ErrorConverter = (cause: unknown) => ConnectError;

/**
 * Sends one request and reads a 2xx response with `read`. Rejects with the error of any other response, and with
 * UNAVAILABLE or the reason of the signal if fetch fails. `accept` is the default Accept header. `toConnectError` is for
 * errors after `read` has returned, while a stream is read.
 */
export type Sender = <T>(
  request: ExpandedRequest,
  context: SendContext,
  accept: string,
  read: (response: Response, toConnectError: ErrorConverter) => Promise<T>,
) => Promise<{ headers: Headers; result: T }>;

/** Creates the sender; `baseUrl` has no slash at its end, `registry` has the types of error details. Raises INVALID_ARGUMENT for an invalid content type. */
export function createSender(baseUrl: string, fetch: typeof globalThis.fetch, registry: Registry): Sender {
  return async function send(request, { header, signal }, accept, read) {
    const toConnectError = (cause: unknown) => connectErrorOf(cause, signal);
    const url = `${baseUrl}${request.path}${request.query === "" ? "" : `?${request.query}`}`;
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
        throw await readError(response, registry);
      }
      return { headers: response.headers, result: await read(response, toConnectError) };
    } catch (cause) {
      throw toConnectError(cause);
    }
  };
}

/** Returns a copy, because an interceptor may send the same request again with another binding. */
function headersOf(request: ExpandedRequest, given: Headers, accept: string): Headers {
  const headers = new Headers(given);
  // Set only for the body sent here; some proxies reject it on requests without a body.
  headers.delete("content-type");
  if (request.raw !== undefined) {
    try {
      headers.set("content-type", request.raw.contentType);
    } catch (cause) {
      const text = "the content type of the body is not a valid header value";
      throw new ConnectError(text, Code.InvalidArgument, undefined, undefined, cause);
    }
  } else if (request.bodyText !== undefined || request.body !== undefined) {
    headers.set("content-type", "application/json");
  }
  if (!headers.has("accept")) {
    headers.set("accept", accept);
  }
  return headers;
}

function bodyOf({ raw, body, bodyText }: ExpandedRequest): string | Uint8Array<ArrayBuffer> | null {
  if (raw !== undefined) {
    return raw.data as Uint8Array<ArrayBuffer>;
  }
  return bodyText ?? (body === undefined ? null : JSON.stringify(body));
}

function connectErrorOf(cause: unknown, signal: AbortSignal): ConnectError {
  // fetch raises an AbortError without the reason, which is either the caller or the timeout.
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
