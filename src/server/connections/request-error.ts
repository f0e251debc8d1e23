import type { HttpRequest } from "../http-handler.ts";
import type { RejectionCause } from "./rejection.ts";

/** Why a request is answered before it is routed. */
export type RequestError = {
  readonly status: number;
  /** What is wrong and what was expected. For people. */
  readonly message: string;
  /** The bound of what was too large. */
  readonly maxBytes?: number;
  /** Counted as this cause. */
  readonly cause?: RejectionCause;
  /** Whether its HTTP/1.1 connection ends: what follows may be no request. */
  readonly endsConnection?: boolean;
};

/** Bytes of a field besides its name and its value: colon, blank and CRLF; over HTTP/2 by RFC 9113 6.5.2. */
export const fieldOverhead = { http1: 4, http2: 32 };

/**
 * Returns why a request must not be routed by its header, or undefined. Node checks neither the number and the values of
 * Host nor codings that it does not know. It counts only names and values of fields over HTTP/1.1, and over HTTP/2 nothing
 * until the client has acknowledged the SETTINGS. `maxHeaderBytes` is the largest header.
 */
export function requestErrorOf(request: HttpRequest, maxHeaderBytes: number): RequestError | undefined {
  const isHttp2 = "stream" in request;
  let hosts = 0;
  let bytes = isHttp2 ? 0 : (request.url?.length ?? 0);
  const overhead = isHttp2 ? fieldOverhead.http2 : fieldOverhead.http1;
  const { rawHeaders } = request;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    bytes += name.length + (rawHeaders[at + 1] as string).length + overhead;
    // Comparing the length first is cheaper: most fields fail it.
    if (name.length === 4 && name.toLowerCase() === "host") {
      hosts += 1;
    }
  }
  if (bytes > maxHeaderBytes) {
    return headerTooLarge(maxHeaderBytes);
  }
  if (request.method === "CONNECT") {
    return connectUnsupported;
  }
  return (
    (isHttp2 ? undefined : framingErrorOf(request)) ??
    hostErrorOf(request, hosts) ??
    expectationErrorOf(request)
  );
}

export const connectUnsupported: RequestError = { status: 405, message: "CONNECT is not supported" };

export const versionUnsupported: RequestError = {
  status: 505,
  message: "the HTTP version must be 1.0, 1.1 or 2; HTTP/2 begins with its preface",
  cause: "protocol",
  endsConnection: true,
};

const codingUnsupported: RequestError = {
  status: 501,
  message: "the only transfer coding supported is: Transfer-Encoding: chunked",
  cause: "protocol",
  endsConnection: true,
};

/** `maxBytes`: the largest header. */
export function headerTooLarge(maxBytes: number): RequestError {
  const message = `the header of the request must not be larger than ${maxBytes} bytes`;
  return { status: 431, message, maxBytes, cause: "header_size", endsConnection: true };
}

/** Returns the error of a request that is malformed. */
export function malformed(message: string): RequestError {
  return { status: 400, message, cause: "protocol", endsConnection: true };
}

/** Returns the error of a request of which a part arrives too late. */
export function tooSlow(part: "header" | "body"): RequestError {
  const cause = `${part}_timeout` as const;
  return {
    status: 408,
    message: `the ${part} of the request did not arrive in time`,
    cause,
    endsConnection: true,
  };
}

/** RFC 9112 2.3 and 6.1. Node rejects other errors of framing itself. */
function framingErrorOf({ httpVersion, headers }: HttpRequest): RequestError | undefined {
  if (httpVersion !== "1.1" && httpVersion !== "1.0") {
    return versionUnsupported;
  }
  const codings = headers["transfer-encoding"]?.toLowerCase();
  if (codings === undefined) {
    return undefined;
  }
  if (httpVersion === "1.0") {
    return malformed("Transfer-Encoding is not allowed in HTTP/1.0");
  }
  if (codings.trim() === "chunked") {
    return undefined;
  }
  return /(^|,)[ \t]*chunked[ \t]*$/.test(codings)
    ? codingUnsupported
    : malformed("the last coding in Transfer-Encoding must be chunked");
}

/** RFC 9112 3.2 and RFC 9113 8.3.1. */
function hostErrorOf(
  { headers, httpVersion, url = "" }: HttpRequest,
  hosts: number,
): RequestError | undefined {
  const { host, ":authority": authority } = headers as Record<string, string | undefined>;
  if (hosts > 1) {
    return malformed("the Host header must be sent once");
  }
  if (hosts === 0 && httpVersion === "1.1") {
    return malformed("a Host header is required");
  }
  if (authority !== undefined && host !== undefined && authority.toLowerCase() !== host.toLowerCase()) {
    return malformed("Host and :authority must be equal");
  }
  const target = absoluteForm.exec(url)?.[1];
  for (const each of [authority, host, target]) {
    if (each !== undefined && !isAuthority(each)) {
      return malformed(
        "the host must be a name or an IP address, with a port if needed, such as example.com:8080",
      );
    }
  }
  return undefined;
}

const absoluteForm = /^https?:\/\/([^/?#]*)/i;

let newestAuthority: string | undefined;

/** Whether a text is a host and an optional port, without user information. Nearly all requests have the same one. */
function isAuthority(text: string): boolean {
  if (text === newestAuthority) {
    return true;
  }
  const isValid = /^(?:[\w.~-]+|\[[\da-f:.]+\])(?::\d*)?$/i.test(text) && URL.canParse(`http://${text}`);
  if (isValid) {
    newestAuthority = text;
  }
  return isValid;
}

/** RFC 9110 10.1.1. */
function expectationErrorOf({ headers: { expect }, httpVersion }: HttpRequest): RequestError | undefined {
  return expect === undefined || httpVersion === "1.0" || expect.toLowerCase() === "100-continue"
    ? undefined
    : { status: 417, message: "the only expectation supported is: Expect: 100-continue" };
}
