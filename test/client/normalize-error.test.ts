import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { ErrorReason } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { isRetryable, normalizeError } from "../../src/client/normalize-error.ts";
import { apiError } from "../../src/contract/api-error.ts";

const nodeError = (code: string) => Object.assign(new Error(`says ${code}`), { code });
/** Returns the error of a transport with this code, caused by an error of Node. */
const causedBy = (nodeCode: string, code: Code) =>
  new ConnectError("x", code, undefined, undefined, nodeError(nodeCode));
const answered = { "content-type": "application/json" };

/** Errors of the four transports, as observed with Node 24; the code that callers get; whether it is retryable. */
const errors: readonly [string, unknown, Code, boolean][] = [
  ["a connection that is refused", causedBy("ECONNREFUSED", Code.Unavailable), Code.Unavailable, true],
  ["a connection reset over HTTP/1.1", causedBy("ECONNRESET", Code.Aborted), Code.Unavailable, true],
  [
    "a connection reset wrapped in other errors",
    new ConnectError(
      "x",
      Code.Unavailable,
      undefined,
      undefined,
      new TypeError("fetch failed", { cause: nodeError("ECONNRESET") }),
    ),
    Code.Unavailable,
    true,
  ],
  ["an unreachable host", causedBy("EHOSTUNREACH", Code.Internal), Code.Unavailable, true],
  ["GOAWAY with an error", causedBy("ERR_HTTP2_SESSION_ERROR", Code.Internal), Code.Unavailable, true],
  [
    "an HTTP/2 stream that is refused",
    causedBy("ERR_HTTP2_STREAM_ERROR", Code.Internal),
    Code.Unavailable,
    true,
  ],
  [
    "an HTTP/2 stream that broke with its connection",
    new ConnectError("http/2 stream closed with error code CANCEL (0x8)", Code.Canceled),
    Code.Unavailable,
    true,
  ],
  ["an error of the socket itself", nodeError("EPIPE"), Code.Unavailable, true],
  [
    "an untrusted certificate over REST",
    causedBy("DEPTH_ZERO_SELF_SIGNED_CERT", Code.Unavailable),
    Code.Unavailable,
    false,
  ],
  ["an expired certificate", causedBy("CERT_HAS_EXPIRED", Code.Internal), Code.Internal, false],
  ["a response that is not HTTP", causedBy("HPE_INVALID_CONSTANT", Code.Internal), Code.Internal, false],
  ["a CANCELED error of the server", new ConnectError("x", Code.Canceled, answered), Code.Canceled, false],
  [
    "a response larger than the client's own limit",
    new ConnectError("too large", Code.ResourceExhausted),
    Code.ResourceExhausted,
    false,
  ],
  [
    "a request larger than the server's limit",
    withHeaders(apiError(ErrorReason.REQUEST_TOO_LARGE, { message: "x" })),
    Code.ResourceExhausted,
    false,
  ],
  [
    "an exhausted quota",
    new ConnectError("x", Code.ResourceExhausted, answered),
    Code.ResourceExhausted,
    true,
  ],
  [
    "an unavailable store",
    withHeaders(apiError(ErrorReason.STORE_UNAVAILABLE, { message: "x" })),
    Code.Unavailable,
    true,
  ],
  [
    "a proxy's 502 page over REST",
    new ConnectError("HTTP 502", Code.Internal, answered),
    Code.Unavailable,
    true,
  ],
  [
    "a proxy's 429 page over gRPC",
    new ConnectError("HTTP 429", Code.Unavailable, answered),
    Code.ResourceExhausted,
    true,
  ],
  ["a 404 page", new ConnectError("HTTP 404", Code.NotFound, answered), Code.Unimplemented, false],
  ["a 500 page", new ConnectError("HTTP 500", Code.Internal, answered), Code.Internal, false],
  [
    "a DEADLINE_EXCEEDED error of the server",
    new ConnectError("x", Code.DeadlineExceeded, answered),
    Code.DeadlineExceeded,
    false,
  ],
  ["a TypeError", new TypeError("x is undefined"), Code.Unknown, false],
  ["a thrown string", "oh", Code.Unknown, false],
];

function withHeaders(error: ConnectError): ConnectError {
  error.metadata.set("content-type", "application/json");
  return error;
}

describe("normalizeError", () => {
  it.each(errors)(
    "normalizeError gives %s its code and says whether it is retryable",
    (_, reason, code, retryable) => {
      const error = normalizeError(reason);
      expect([Code[error.code], isRetryable(error)]).toEqual([Code[code], retryable]);
    },
  );

  it("normalizeError keeps message, details, headers and cause when it changes the code", () => {
    const reset = new ConnectError(
      "socket hang up",
      Code.Aborted,
      { a: "b" },
      undefined,
      nodeError("ECONNRESET"),
    );
    const error = normalizeError(reset);
    expect(error).toMatchObject({ rawMessage: "socket hang up", details: [], cause: reset.cause });
    expect(error.metadata.get("a")).toBe("b");
  });

  it("normalizeError keeps the mark of an error from the wire, so that a relay does not send its headers", () => {
    const page = new ConnectError("HTTP 503", Code.Internal, { "content-length": "5" });
    page.isWireError = true;
    expect(normalizeError(page)).toMatchObject({ code: Code.Unavailable, isWireError: true });
    expect(normalizeError(new ConnectError("HTTP 503", Code.Internal))).toMatchObject({ isWireError: false });
  });

  it.each<[number, Record<string, string>, string]>([
    [
      302,
      { "content-type": "text/html; charset=utf-8", location: "https://login.example.com/?to=/users/a" },
      "HTTP 302 text/html, which redirects to https://login.example.com: the answer is not from this API; check the URL of the endpoint",
    ],
    [
      307,
      { location: "/login" },
      "HTTP 307, which redirects to another path of the same host: the answer is not from this API; check the URL of the endpoint",
    ],
    [
      403,
      { "content-type": "text/html" },
      "HTTP 403 text/html: the answer is not from this API; check the URL of the endpoint",
    ],
    [404, {}, "HTTP 404: the answer is not from this API; check the URL of the endpoint"],
    [503, { "content-type": "text/html" }, "HTTP 503 text/html: the answer is not from this API"],
  ])(
    "normalizeError describes an answer with status %s that is not from this API",
    (status, headers, text) => {
      const error = new ConnectError(`HTTP ${status}`, Code.Unknown, headers);
      expect(normalizeError(error).rawMessage).toBe(text);
    },
  );

  it("normalizeError ends for an error that is its own cause", () => {
    const circle = new Error("round");
    circle.cause = circle;
    expect(normalizeError(circle).code).toBe(Code.Unknown);
  });
});
