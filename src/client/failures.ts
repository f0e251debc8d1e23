import { Code, ConnectError } from "@connectrpc/connect";
import { readError } from "./read-error.ts";

/** What Node's sockets, resolver and HTTP say when the network, and not the server's program, failed a call. */
const networkFaults: ReadonlySet<string> = new Set([
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

/** Codes of answers that are no API's but a proxy's or a balancer's: a page, or nothing at all. */
const codeOfPage: ReadonlyMap<string, Code> = new Map([
  ["HTTP 429", Code.ResourceExhausted],
  ["HTTP 502", Code.Unavailable],
  ["HTTP 503", Code.Unavailable],
  ["HTTP 504", Code.Unavailable],
]);

/**
 * Returns what a call raised as one error on every protocol: UNAVAILABLE for connections that could not be made or
 * broke, and for the pages of proxies (502, 503, 504); RESOURCE_EXHAUSTED for a bare 429. By themselves the
 * protocols' transports say ABORTED, CANCELED, INTERNAL or DEADLINE_EXCEEDED to some of these.
 */
export function unifyFailure(reason: unknown): ConnectError {
  const error = ConnectError.from(reason);
  const code = error.details.length === 0 ? codeOfPage.get(error.rawMessage) : undefined;
  if (code !== undefined) {
    return withCode(error, code);
  }
  return isNetworkFault(faultOf(error)) || isReset(error) ? withCode(error, Code.Unavailable) : error;
}

/**
 * Says whether a failure, as {@link unifyFailure} returns it, may pass by itself: UNAVAILABLE and RESOURCE_EXHAUSTED,
 * but for a request or a response that is too large, and for a certificate that nobody trusts.
 */
export function mayPass(error: ConnectError): boolean {
  switch (error.code) {
    case Code.Unavailable: {
      const fault = faultOf(error);
      return fault === undefined || isNetworkFault(fault);
    }
    case Code.ResourceExhausted:
      // The client's own limits raise it without any header of a response.
      return !isEmpty(error.metadata) && readError(error).reason !== "REQUEST_TOO_LARGE";
    default:
      return false;
  }
}

function withCode(error: ConnectError, code: Code): ConnectError {
  if (error.code === code) {
    return error;
  }
  const unified = new ConnectError(error.rawMessage, code, error.metadata, undefined, error.cause ?? error);
  unified.details = error.details;
  return unified;
}

/** The code that Node gave to the fault at the bottom, such as ECONNRESET or DEPTH_ZERO_SELF_SIGNED_CERT. */
function faultOf(error: ConnectError): string | undefined {
  let fault: string | undefined;
  const seen = new Set<unknown>();
  for (let cause = error.cause; cause instanceof Error && !seen.has(cause); cause = cause.cause) {
    seen.add(cause);
    const { code } = cause as NodeJS.ErrnoException;
    fault = typeof code === "string" ? code : fault;
  }
  return fault;
}

function isNetworkFault(fault: string | undefined): boolean {
  return fault !== undefined && networkFaults.has(fault);
}

/** An HTTP/2 stream that the other side reset, or that went down with its connection; Connect keeps no cause. */
function isReset(error: ConnectError): boolean {
  return /^http\/2 stream closed with error code /.test(error.rawMessage) && isEmpty(error.metadata);
}

function isEmpty(headers: Headers): boolean {
  return headers.keys().next().done === true;
}
