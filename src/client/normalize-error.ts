import { Code, ConnectError } from "@connectrpc/connect";
import { connectionProblem } from "../network/connection-error.ts";
import { redirectTarget, typeOf } from "../network/server-text.ts";
import { ProxyError } from "../network/tunnel.ts";
import { readError } from "./read-error.ts";

/** Codes with which Node's sockets, resolver and HTTP report network errors. */
const networkErrorCodes: ReadonlySet<string> = new Set([
  "EAI_AGAIN",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "ENETDOWN",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ERR_HTTP2_GOAWAY_SESSION",
  "ERR_HTTP2_INVALID_SESSION",
  "ERR_HTTP2_SESSION_ERROR",
  "ERR_HTTP2_STREAM_CANCEL",
  "ERR_HTTP2_STREAM_ERROR",
  "ERR_STREAM_DESTROYED",
  "ERR_STREAM_PREMATURE_CLOSE",
  "ETIMEDOUT",
]);

/**
 * Codes for answers that are not from this API (a page or no body), by their status: those of proxies and load balancers,
 * and of hosts where nothing has the path.
 */
const foreignResponseCodes: ReadonlyMap<number, Code> = new Map([
  [404, Code.Unimplemented],
  [429, Code.ResourceExhausted],
  [502, Code.Unavailable],
  [503, Code.Unavailable],
  [504, Code.Unavailable],
]);

/**
 * Returns the error of a call with the same code on every protocol: UNAVAILABLE for connections that failed or broke
 * and for a proxy's 502, 503 and 504; RESOURCE_EXHAUSTED for a proxy's 429. The transports themselves report some of
 * these as ABORTED, CANCELED, INTERNAL or DEADLINE_EXCEEDED. A 404 that is not from this API is UNIMPLEMENTED, as gRPC and
 * Connect define it, because NOT_FOUND is about a user.
 */
export function normalizeError(reason: unknown): ConnectError {
  const error = withClearMessage(ConnectError.from(reason));
  // The message that the transports give an answer which is not from this API.
  const [, status] = (error.details.length === 0 && /^HTTP (\d{3})$/.exec(error.rawMessage)) || [];
  if (status !== undefined) {
    const code = foreignResponseCodes.get(Number(status)) ?? error.code;
    return withCode(error, code, foreignMessage(Number(status), code, error.metadata));
  }
  const isNetworkError =
    networkErrorCodes.has(rootErrorCode(error) ?? "") || isReset(error) || error.cause instanceof ProxyError;
  return isNetworkError ? withCode(error, Code.Unavailable) : error;
}

/**
 * Returns whether a retry may succeed after an error of {@link normalizeError}: for UNAVAILABLE and RESOURCE_EXHAUSTED,
 * except an untrusted certificate, a proxy that refuses, and a request or response that is too large.
 */
export function isRetryable(error: ConnectError): boolean {
  switch (error.code) {
    case Code.Unavailable: {
      const code = rootErrorCode(error);
      return code === undefined || networkErrorCodes.has(code);
    }
    case Code.ResourceExhausted:
      // Errors of the client's own limits have no response headers.
      return !isEmpty(error.metadata) && readError(error).reason !== "REQUEST_TOO_LARGE";
    default:
      return false;
  }
}

/** Returns an error with the message of its innermost cause as this project words it. */
function withClearMessage(error: ConnectError): ConnectError {
  const cause = rootError(error);
  if (cause === undefined) {
    return error;
  }
  const text = error.rawMessage.replace(cause.message, () => connectionProblem(cause).text);
  return withCode(error, error.code, text);
}

/** Describes an answer that is not from this API: status, type, where it redirects to, and what to check. */
function foreignMessage(status: number, code: Code, headers: Headers): string {
  const words = [
    `HTTP ${status}${typeOf(headers.get("content-type"))}`,
    ...(status >= 300 && status < 400
      ? [`which redirects to ${redirectTarget(headers.get("location"))}`]
      : []),
  ];
  // A proxy answers so while the server of the right URL is down or busy.
  const isTemporary = code === Code.Unavailable || code === Code.ResourceExhausted;
  return `${words.join(", ")}: the answer is not from this API${isTemporary ? "" : "; check the URL of the endpoint"}`;
}

function withCode(error: ConnectError, code: Code, message = error.rawMessage): ConnectError {
  if (error.code === code && error.rawMessage === message) {
    return error;
  }
  const changed = new ConnectError(message, code, error.metadata, undefined, error.cause ?? error);
  changed.details = error.details;
  changed.isWireError = error.isWireError;
  return changed;
}

/** Returns Node's code of the innermost cause, such as ECONNRESET or DEPTH_ZERO_SELF_SIGNED_CERT. */
function rootErrorCode(error: ConnectError): string | undefined {
  return rootError(error)?.code;
}

/** Returns the innermost cause that has a code. */
function rootError(error: ConnectError): NodeJS.ErrnoException | undefined {
  let root: NodeJS.ErrnoException | undefined;
  const seen = new Set<unknown>();
  for (let cause = error.cause; cause instanceof Error && !seen.has(cause); cause = cause.cause) {
    seen.add(cause);
    root = typeof (cause as NodeJS.ErrnoException).code === "string" ? cause : root;
  }
  return root;
}

/** Recognizes an HTTP/2 stream that the server reset or that broke with its connection: Connect drops the cause. */
function isReset(error: ConnectError): boolean {
  return /^http\/2 stream closed with error code /.test(error.rawMessage) && isEmpty(error.metadata);
}

function isEmpty(headers: Headers): boolean {
  return headers.keys().next().done === true;
}
